"""Leaves: the tree of labels."""

import requests
import tator

from .suite import Day, encoded, equal, refused, step


@step("grows a tree of labels and gets suggestions from it")
def tree(day: Day) -> None:
    api, project = day.api, day["project"]
    kind = day["leaf type"]
    [root] = api.create_leaf_list(project, body=[{"name": "Animalia", "type": kind}]).id
    names = ["Gadus morhua", "Gadus ogac", "Merluccius merluccius"]
    children = api.create_leaf_list(project, body=[{"name": n, "type": kind, "parent": root} for n in names]).id
    day["root leaf"], day["leaves"] = root, children
    equal(api.get_leaf(children[0]).path, "Canyon.Animalia.Gadus_morhua")
    equal(api.get_leaf_count(project), 4)
    equal(api.get_leaf_count_by_id(project, {"ids": children[:2]}), 2)
    found = api.leaf_suggestion("Canyon.Animalia", project, query="gadus")
    equal(sorted(one.value for one in found), names[:2])
    equal([one.id for one in api.get_leaf_list(project, depth=2)], [root])
    equal([one.name for one in api.get_leaf_list_by_id(project, leaf_id_query={"ids": children[1:2]})], [names[1]])


@step("edits, copies and fells labels")
def edit_leaves(day: Day) -> None:
    api, project = day.api, day["project"]
    addition = {"entity_type": "LeafType", "addition": {"name": "alias", "dtype": "string"}}
    api.create_attribute_type(day["leaf type"], attribute_type_spec=addition)
    api.update_leaf(day["leaves"][0], leaf_update={"attributes": {"alias": "cod"}})
    equal(api.get_leaf(day["leaves"][0]).attributes["alias"], "cod")
    update = {"attributes": {"alias": "fish"}, "ids": day["leaves"][1:]}
    api.update_leaf_list(project, leaf_bulk_update=update, count=2)
    equal(api.get_leaf_count(project, attribute=["alias::fish"]), 2)
    other = api.create_project(project_spec={"name": "Copy", "organization": day["organization"]}).id
    kind = tator.util.clone_leaf_type(api, day["leaf type"], other).id
    copied = list(
        tator.util.clone_leaf_list(api, {"project": project, "depth": 2}, other, {}, {day["leaf type"]: kind})
    )
    equal(copied[-1][:2], (1, 1))
    day["other project"] = other
    api.delete_leaf_list(project, leaf_id_query={"ids": day["leaves"][2:]}, count=1)
    api.delete_leaf(day["root leaf"])
    equal(api.get_leaf_count(project), 0)
    refused(404, lambda: api.get_leaf(day["root leaf"]))
