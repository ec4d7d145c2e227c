"""Signing in, and a project with its types, versions, sections and people."""

import tator

from .suite import Day, equal, refused, step


@step("signs in with name and password and works with the token")
def sign_in(day: Day) -> None:
    stranger = tator.get_api(day.host)
    bad = {"username": "admin", "password": "not it"}
    refused(400, lambda: stranger.create_obtain_auth_token(credentials=bad))
    good = {"username": "admin", "password": day.password}
    day.token = stranger.create_obtain_auth_token(credentials=good).token
    day.api = tator.get_api(day.host, day.token)
    user = day.api.whoami()
    assert isinstance(user, tator.models.User)
    equal(user.username, "admin")
    day["user"] = user.id
    assert "credentials" in refused(400, lambda: stranger.whoami())
    equal(day.api.user_exists(username="admin"), True)
    equal(day.api.user_exists(username="nobody"), False)


@step("makes an organization and a project, and edits the project")
def make_project(day: Day) -> None:
    api = day.api
    made = api.create_organization(organization_spec={"name": "Institute"})
    assert isinstance(made, tator.models.CreateResponse)
    day["organization"] = made.id
    spec = {"name": "Canyon", "organization": made.id, "summary": "Dives in the canyon"}
    day["project"] = api.create_project(project_spec=spec).id
    changed = api.update_project(day["project"], project_update={"summary": "Dives, 2026"})
    assert isinstance(changed, tator.models.MessageResponse)
    project = api.get_project(day["project"])
    equal((project.name, project.summary), ("Canyon", "Dives, 2026"))
    assert day["project"] in [one.id for one in api.get_project_list()]
    refused(404, lambda: api.get_project(999_999))


@step("adds a colleague who may edit and nothing more")
def add_member(day: Day) -> None:
    api = day.api
    spec = {
        "username": "ana",
        "first_name": "Ana",
        "last_name": "Diver",
        "email": "ana@example.org",
        "password": "deep-sea-123",
    }
    user = api.create_user(user_spec=spec).id
    membership = {"user": user, "permission": "Can Edit"}
    day["membership"] = api.create_membership(day["project"], membership_spec=membership).id
    listed = {one.user: one.permission for one in api.get_membership_list(day["project"])}
    equal(listed[user], "Can Edit")
    name = {"username": "ana", "password": "deep-sea-123"}
    hers = tator.get_api(day.host).create_obtain_auth_token(credentials=name).token
    day["ana"] = tator.get_api(day.host, hers)
    equal(day["ana"].whoami().email, "ana@example.org")
    refused(403, lambda: day["ana"].update_project(day["project"], project_update={"summary": "mine"}))


@step("makes types of every kind with attributes, and changes attributes afterwards")
def make_types(day: Day) -> None:
    api, project = day.api, day["project"]
    dive = [
        {"name": "Dive", "dtype": "string"},
        {"name": "Depth", "dtype": "float", "minimum": 0},
        {"name": "Started", "dtype": "datetime"},
        {"name": "Where", "dtype": "geopos"},
    ]
    for name, dtype in (("video", "video"), ("image", "image"), ("several", "multi")):
        spec = {"name": name, "dtype": dtype, "attribute_types": dive}
        day[name] = api.create_media_type(project, media_type_spec=spec).id
    seen = [
        {"name": "Species", "dtype": "string", "default": ""},
        {"name": "Count", "dtype": "int", "default": 1},
        {"name": "Sure", "dtype": "enum", "choices": ["yes", "no"], "default": "no"},
        {"name": "Alive", "dtype": "bool", "default": True},
    ]
    for dtype in ("box", "line", "dot", "poly"):
        spec = {
            "name": f"Seen {dtype}",
            "dtype": dtype,
            "media_types": [day["video"], day["image"]],
            "attribute_types": seen,
        }
        day[dtype] = api.create_localization_type(project, localization_type_spec=spec).id
    for association in ("Localization", "Frame", "Media"):
        spec = {
            "name": f"{association} state",
            "association": association,
            "media_types": [day["video"]],
            "attribute_types": seen,
        }
        day[f"{association} state"] = api.create_state_type(project, state_type_spec=spec).id
    day["leaf type"] = api.create_leaf_type(project, leaf_type_spec={"name": "Taxon"}).id
    day["file type"] = api.create_file_type(project, file_type_spec={"name": "Sheet"}).id

    addition = {"name": "Behaviour", "dtype": "string", "default": "none"}
    spec = {"entity_type": "LocalizationType", "addition": addition}
    api.create_attribute_type(day["box"], attribute_type_spec=spec)
    rename = {
        "entity_type": "LocalizationType",
        "current_name": "Behaviour",
        "attribute_type_update": {"name": "Activity", "dtype": "string"},
    }
    api.update_attribute_type(day["box"], attribute_type_update=rename)
    names = [one.name for one in api.get_localization_type(day["box"]).attribute_types]
    assert "Activity" in names and "Behaviour" not in names
    gone = {"entity_type": "LocalizationType", "name": "Activity"}
    api.delete_attribute_type(day["box"], attribute_type_delete=gone)
    equal([one.name for one in api.get_localization_type(day["box"]).attribute_types], [a["name"] for a in seen])
    equal(api.get_media_type(day["video"]).dtype, "video")
    equal(len(api.get_state_type_list(project)), 3)


@step("makes versions on top of one another")
def make_versions(day: Day) -> None:
    api, project = day.api, day["project"]
    [first] = api.get_version_list(project)
    day["baseline"] = first.id
    spec = {"name": "Review", "description": "corrections", "bases": [first.id]}
    day["review"] = api.create_version(project, version_spec=spec).id
    api.update_version(day["review"], version_update={"description": "corrections of 2026"})
    review = api.get_version(day["review"])
    equal((review.description, review.bases), ("corrections of 2026", [first.id]))
    spare = api.create_version(project, version_spec={"name": "Spare"}).id
    assert isinstance(api.delete_version(spare), tator.models.MessageResponse)
    equal([one.id for one in api.get_version_list(project)], [first.id, day["review"]])


@step("makes sections, nests them, and keeps a search as a section")
def make_sections(day: Day) -> None:
    api, project = day.api, day["project"]
    day["section"] = api.create_section(project, section_spec={"name": "Dives", "path": "Dives"}).id
    nested = api.create_section(project, section_spec={"name": "Leg 1", "path": "Dives.Leg_1"}).id
    equal(api.get_section(nested).path, "Dives.Leg_1")
    search = {"method": "and", "operations": [{"attribute": "Dive", "operation": "eq", "value": "D7"}]}
    saved = {"name": "D7", "path": "D7", "object_search": search}
    day["saved search"] = api.create_section(project, section_spec=saved).id
    equal(api.get_section(day["saved search"]).object_search.to_dict(), search)
    api.update_section(nested, section_update={"name": "First leg"})
    equal(api.get_section_list(project, name="First leg")[0].id, nested)
    api.delete_section(nested)
    refused(404, lambda: api.get_section(nested))


@step("keeps bookmarks and favorites")
def make_bookmarks(day: Day) -> None:
    api, project = day.api, day["project"]
    mark = api.create_bookmark(project, bookmark_spec={"name": "Here", "uri": "/1/annotation/2?frame=3"}).id
    api.update_bookmark(mark, bookmark_update={"name": "There"})
    equal(api.get_bookmark(mark).name, "There")
    api.delete_bookmark(mark)
    equal(api.get_bookmark_list(project), [])
    spec = {
        "name": "cod",
        "type": day["box"],
        "values": {"Species": "Cod"},
        "page": 1,
        "entity_type_name": "Localization",
    }
    favorite = api.create_favorite(project, favorite_spec=spec).id
    equal(api.get_favorite(favorite)["values"], {"Species": "Cod"})
    api.delete_favorite(favorite)
