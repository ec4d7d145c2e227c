"""Search: attribute filters, search objects, related objects."""

from .suite import Day, encoded, equal, refused, step


@step("filters by attributes and built-in fields")
def filters(day: Day) -> None:
    api, project = day.api, day["project"]
    count = lambda **filters: api.get_localization_count(project, type=day["box"], **filters)
    everything = api.get_localization_list(project, type=day["box"])
    number = lambda test: sum(1 for one in everything if test(one))
    equal(count(attribute=["Species::Hake"]), number(lambda one: one.attributes["Species"] == "Hake"))
    equal(count(attribute_gte=["Count::5"]), number(lambda one: one.attributes["Count"] >= 5))
    equal(
        count(attribute_lt=["Count::2"], attribute=["Species::Cod"]),
        number(lambda one: one.attributes["Count"] < 2 and one.attributes["Species"] == "Cod"),
    )
    equal(count(attribute_contains=["Species::ak"]), count(attribute=["Species::Hake"]))
    equal(count(attribute_null=["Species::true"]), 0)
    equal(count(attribute_gt=["$frame::90"]), number(lambda one: one.frame > 90))
    newest = api.get_localization_list(project, type=day["box"], sort_by="-$id", stop=2)
    equal([one.id for one in newest], sorted((one.id for one in everything), reverse=True)[:2])


@step("finds by search objects, in a parameter and in a body")
def objects(day: Day) -> None:
    api, project = day.api, day["project"]
    search = {
        "method": "and",
        "operations": [
            {"attribute": "Species", "operation": "in", "value": ["Hake", "Ling"]},
            {
                "method": "or",
                "operations": [
                    {"attribute": "Count", "operation": "gte", "value": 6},
                    {"attribute": "$frame", "operation": "lt", "value": 10},
                ],
            },
            {"attribute": "Sure", "operation": "eq", "value": "yes", "inverse": True},
        ],
    }
    expected = sorted(
        one.id
        for one in api.get_localization_list(project, type=day["box"])
        if one.attributes["Species"] in ("Hake", "Ling")
        and (one.attributes["Count"] >= 6 or one.frame < 10)
        and one.attributes["Sure"] != "yes"
    )
    assert expected
    by_parameter = api.get_localization_list(project, type=day["box"], encoded_search=encoded(search))
    equal([one.id for one in by_parameter], expected)
    by_body = api.get_localization_list_by_id(
        project, localization_id_query={"object_search": search}, type=day["box"]
    )
    equal([one.id for one in by_body], expected)
    refused(400, lambda: api.get_localization_list(project, encoded_search="no base64 of anything"))


@step("finds media by what was seen in them")
def related(day: Day) -> None:
    api, project = day.api, day["project"]
    with_hake = api.get_media_list(project, related_attribute=["Species::Hake"])
    equal([one.id for one in with_hake], [day["media"]])
    equal(api.get_media_list(project, related_attribute=["Species::Unicorn"]), [])
    boxes = api.get_localization_count(project, type=day["box"], related_attribute=["Dive::D7"])
    equal(boxes, api.get_localization_count(project, type=day["box"]))


@step("finds media near a place and in a span of time")
def place_and_time(day: Day) -> None:
    api, project = day.api, day["project"]
    update = {"attributes": {"Where": [-122.0, 36.7], "Started": "2026-03-01T10:00:00Z"}}
    api.update_media(day["media"], media_update=update)
    find = lambda **filters: [one.id for one in api.get_media_list(project, **filters)]
    equal(find(attribute_distance=["Where::10::36.75::-122.0"]), [day["media"]])
    equal(find(attribute_distance=["Where::1::36.75::-122.0"]), [])
    equal(find(attribute_gte=["Started::2026-02-28T00:00:00Z"], type=day["video"]), [day["media"]])
    equal(find(attribute_gte=["Started::2026-03-02T00:00:00Z"], type=day["video"]), [])
