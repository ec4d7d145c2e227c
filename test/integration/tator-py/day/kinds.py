"""Types once more: lists, edits and deletes of every kind, and attributes that are replaced."""

from .suite import Day, equal, refused, step


@step("lists, edits and deletes types of every kind")
def types(day: Day) -> None:
    api, project = day.api, day["project"]
    kinds = {
        "media": {"dtype": "video"},
        "localization": {"dtype": "box", "media_types": [day["video"]]},
        "state": {"association": "Frame", "media_types": [day["video"]]},
        "leaf": {},
        "file": {},
    }
    for kind, spec in kinds.items():
        call = lambda name, *args: getattr(api, name.replace("KIND", kind))(*args)
        made = call("create_KIND_type", project, {"name": "Spare", **spec}).id
        call("update_KIND_type", made, {"description": "for later"})
        equal((call("get_KIND_type", made).name, call("get_KIND_type", made).description), ("Spare", "for later"))
        assert made in [one.id for one in call("get_KIND_type_list", project)]
        call("delete_KIND_type", made)
        refused(404, lambda: call("get_KIND_type", made))


@step("replaces the definition of an attribute, and keeps what was stored")
def replace_attribute(day: Day) -> None:
    api = day.api
    kind = {"entity_type": "MediaType"}
    addition = {"name": "Leg", "dtype": "int", "default": 4, "minimum": 0}
    api.create_attribute_type(day["video"], {**kind, "addition": addition})
    new = {"name": "Leg", "dtype": "float", "description": "of the cruise"}
    api.replace_attribute_type(day["video"], {**kind, "current_name": "Leg", "attribute_type_update": new})
    [leg] = [one for one in api.get_media_type(day["video"]).attribute_types if one.name == "Leg"]
    equal((leg.dtype, leg.description, getattr(leg, "minimum", None)), ("float", "of the cruise", None))
    equal(api.get_media(day["media"]).attributes["Leg"], 4)
    api.delete_attribute_type(day["video"], {**kind, "name": "Leg"})
    assert "Leg" not in api.get_media(day["media"]).attributes


@step("renames a section with what is in it, and edits a favorite")
def sections(day: Day) -> None:
    api, project = day.api, day["project"]
    outer = api.create_section(project, {"name": "Leg 9", "path": "Leg_9"}).id
    inner = api.create_section(project, {"name": "Night", "path": "Leg_9.Night"}).id
    change = {"path_substitution": {"old": "Leg_9", "new": "Leg_10"}}
    api.update_section_list(project, change)
    equal((api.get_section(outer).path, api.get_section(inner).path), ("Leg_10", "Leg_10.Night"))
    spec = {"name": "hake", "type": day["box"], "values": {"Species": "Hake"}, "entity_type_name": "Localization"}
    favorite = api.create_favorite(project, spec).id
    api.update_favorite(favorite, {"name": "Hake"})
    equal([(one.id, one.name) for one in api.get_favorite_list(project)], [(favorite, "Hake")])
    api.delete_favorite(favorite)
