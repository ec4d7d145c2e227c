"""Localizations: in bulk, by marks, by elemental id."""

import uuid

from PIL import Image
import tator

from .suite import Day, equal, refused, step


def box(day: Day, frame: int, **more) -> dict:
    place = {"x": 0.1, "y": 0.2, "width": 0.3, "height": 0.4}
    return {
        "media_id": day["media"],
        "type": day["box"],
        "version": day["baseline"],
        "frame": frame,
        **place,
        **more,
    }


@step("creates 1200 boxes in chunks of 500 and gets them back in order")
def create_in_bulk(day: Day) -> None:
    api, project = day.api, day["project"]
    specs = [
        box(day, i % 100, attributes={"Species": "Cod" if i % 3 else "Hake", "Count": i % 7}) for i in range(1200)
    ]
    ids = []
    for response in tator.util.chunked_create(api.create_localization_list, project, body=specs):
        assert isinstance(response, tator.models.CreateListResponse)
        ids += response.id
    equal(len(set(ids)), 1200)
    day["boxes"] = ids
    equal(api.get_localization_count(project, media_id=[day["media"]]), 1200)
    pages = tator.util.get_paginator(api, "get_localization_list", 500).paginate(
        project=project, media_id=[day["media"]]
    )
    found = [one for page in pages for one in page]
    equal([one.id for one in found], sorted(ids))
    assert isinstance(found[0], tator.models.Localization)
    first = api.get_localization(ids[0])
    equal((first.x, first.width, first.frame, first.attributes["Species"]), (0.1, 0.3, 0, "Hake"))
    equal((first.attributes["Sure"], first.attributes["Alive"]), ("no", True))
    equal(len(api.get_localization_list(project, frame=7, media_id=[day["media"]])), 12)


@step("draws lines, dots and outlines")
def other_shapes(day: Day) -> None:
    api, project = day.api, day["project"]
    common = {"media_id": day["media"], "version": day["baseline"], "frame": 3}
    outline = [[0.1, 0.1], [0.4, 0.1], [0.3, 0.5]]
    specs = [
        {**common, "type": day["line"], "x": 0.1, "y": 0.1, "u": 0.5, "v": -0.1},
        {**common, "type": day["dot"], "x": 0.25, "y": 0.75},
        {**common, "type": day["poly"], "points": outline},
    ]
    ids = api.create_localization_list(project, body=specs).id
    line, dot, poly = (api.get_localization(one) for one in ids)
    equal((line.u, line.v), (0.5, -0.1))
    equal((dot.x, dot.y), (0.25, 0.75))
    equal(poly.points, outline)
    day["dot one"] = ids[1]


@step("edits a box, by row and by elemental id, and keeps every mark")
def edit(day: Day) -> None:
    api, project = day.api, day["project"]
    name = str(uuid.uuid4())
    [first] = api.create_localization_list(project, body=[box(day, 50, elemental_id=name)]).id
    changed = api.update_localization(first, localization_update={"x": 0.5, "attributes": {"Species": "Ling"}})
    assert changed.object.id != first
    equal((changed.object.mark, changed.object.x), (1, 0.5))
    api.update_localization_by_elemental_id(day["baseline"], name, localization_update={"frame": 51})
    now = api.get_localization_by_elemental_id(day["baseline"], name)
    equal((now.mark, now.frame, now.x, now.attributes["Species"]), (2, 51, 0.5, "Ling"))
    marks = api.get_localization_list_by_id(
        project, localization_id_query={"elemental_ids": [name]}, show_all_marks=1
    )
    equal([one.mark for one in marks], [0, 1, 2])
    stale = {"x": 0.6, "pedantic": 1}
    assert refused(400, lambda: api.update_localization(first, localization_update=stale)).startswith("Pedantic")
    api.delete_localization_by_elemental_id(day["baseline"], name, localization_delete={})
    query = {"elemental_ids": [name]}
    equal(api.get_localization_list_by_id(project, localization_id_query=query), [])
    [gone] = api.get_localization_list_by_id(project, localization_id_query=query, show_deleted=1)
    equal((gone.variant_deleted, gone.mark), (True, 3))


@step("edits and deletes in bulk, exactly as many as told")
def bulk(day: Day) -> None:
    api, project = day.api, day["project"]
    some = day["boxes"][:10]
    update = {"attributes": {"Sure": "yes"}, "ids": some, "in_place": 1}
    refused(400, lambda: api.update_localization_list(project, localization_bulk_update=update, count=9))
    api.update_localization_list(project, localization_bulk_update=update, count=10)
    equal(api.get_localization_count(project, attribute=["Sure::yes"]), 10)
    last = day["boxes"][-5:]
    api.delete_localization_list(project, localization_bulk_delete={"ids": last}, count=5)
    query = {"media_ids": [day["media"]]}
    equal(api.get_localization_count_by_id(project, localization_id_query=query, type=day["box"]), 1195)
    assert isinstance(api.delete_localization(day["dot one"], localization_delete={"prune": 1}), dict)
    refused(404, lambda: api.get_localization(day["dot one"]))


@step("reads long lists as lines of JSON and chosen fields only")
def formats(day: Day) -> None:
    api, project = day.api, day["project"]
    lines = list(api.get_localization_list(project, type=day["box"], format="jsonl"))
    equal(len(lines), 1195)
    assert lines[0].media_id == day["media"] and lines[0].type_id == day["box"]
    few = api.get_localization_list(project, type=day["box"], fields="id,frame,attributes.Species", stop=3)
    equal([set(one) for one in few], [{"id", "frame", "attributes"}] * 3)
    equal(set(few[0].attributes), {"Species"})


@step("refuses what a type does not allow")
def refusals(day: Day) -> None:
    api, project = day.api, day["project"]
    refused(400, lambda: api.create_localization_list(project, body=[box(day, 0, attributes={"Count": "many"})]))
    refused(400, lambda: api.create_localization_list(project, body=[box(day, 0, type=999_999)]))
    refused(400, lambda: api.create_localization_list(project, body=[box(day, 0, x=1.5)]))
    equal(day["ana"].create_localization_list(project, body=[box(day, 99)]).message[:7], "Success")
    refused(403, lambda: day["ana"].delete_project(project))


@step("shows a box as a picture")
def graphic(day: Day) -> None:
    with Image.open(day.api.get_localization_graphic(day["boxes"][0])) as crop:
        equal(crop.size, (192, 144))
    with Image.open(day.api.get_localization_graphic(day["boxes"][0], use_default_margins=False, margin_x=0, margin_y=0, force_scale="100x50")) as crop:
        equal(crop.size, (100, 50))
