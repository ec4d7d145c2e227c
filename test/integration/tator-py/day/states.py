"""States: tracks, what happens on a frame, what is true of a media."""

import tator

from .suite import Day, equal, step


def track(day: Day, members: list, **more) -> dict:
    return {
        "type": day["Localization state"],
        "media_ids": [day["media"]],
        "localization_ids": members,
        "version": day["baseline"],
        "attributes": {"Species": "Hake"},
        **more,
    }


@step("makes tracks, adds and removes their boxes, merges and trims them")
def tracks(day: Day) -> None:
    api, project = day.api, day["project"]
    boxes = day["boxes"]
    made = api.create_state_list(project, body=[track(day, boxes[20:30]), track(day, boxes[30:40])])
    assert isinstance(made, tator.models.CreateListResponse)
    one, two = (api.get_state(state) for state in made.id)
    assert isinstance(one, tator.models.State)
    equal((one.localizations, one.media), (boxes[20:30], [day["media"]]))
    equal(one.segments, [[20, 29]])
    changed = api.update_state(
        one.id, state_update={"localization_ids_add": boxes[40:42], "localization_ids_remove": [boxes[20]]}
    )
    one = api.get_state_by_elemental_id(day["baseline"], one.elemental_id)
    equal(sorted(one.localizations), sorted([*boxes[21:30], *boxes[40:42]]))
    equal(changed.object.id, one.id)
    api.merge_states(one.id, state_merge_update={"merge_state_id": two.id})
    whole = api.get_state_by_elemental_id(day["baseline"], one.elemental_id)
    equal(sorted(whole.localizations), boxes[21:42])
    equal(api.get_state_count(project, type=day["Localization state"]), 1)
    api.trim_state_end(whole.id, state_trim_update={"frame": 35, "endpoint": "end"})
    trimmed = api.get_state_by_elemental_id(day["baseline"], one.elemental_id)
    equal(sorted(trimmed.localizations), boxes[21:36])
    day["track"] = trimmed.id


@step("notes states of frames and of media")
def frame_states(day: Day) -> None:
    api, project = day.api, day["project"]
    frames = [
        {"type": day["Frame state"], "media_ids": [day["media"]], "frame": frame, "version": day["baseline"]}
        for frame in (10, 20, 30)
    ]
    whole = {"type": day["Media state"], "media_ids": [day["media"], day["second"]], "version": day["baseline"]}
    ids = api.create_state_list(project, body=[*frames, whole]).id
    equal(api.get_state(ids[1]).frame, 20)
    equal(api.get_state(ids[3]).media, [day["media"], day["second"]])
    found = api.get_state_list(project, media_id=[day["second"]])
    equal([one.id for one in found], [ids[3]])
    update = {"attributes": {"Species": "Squid"}, "ids": ids[:3], "in_place": 1}
    api.update_state_list(project, state_bulk_update=update, count=3)
    equal(api.get_state_count(project, attribute=["Species::Squid"]), 3)
    api.delete_state(ids[0], state_delete={})
    api.delete_state_list(project, state_bulk_delete={"ids": ids[1:3]}, count=2)
    equal(api.get_state_count(project, type=day["Frame state"]), 0)


@step("shows a whole track as pictures")
def state_graphic(day: Day) -> None:
    pictures = tator.util.full_state_graphic(day.api, day["track"], force_scale="96x72")
    equal([one.size for one in pictures], [(96, 72)] * 15)


@step("edits and deletes a state by its elemental id")
def by_elemental_id(day: Day) -> None:
    api, project, version = day.api, day["project"], day["baseline"]
    spec = {"type": day["Frame state"], "media_ids": [day["media"]], "frame": 5, "version": version}
    [made] = api.create_state_list(project, [spec]).id
    name = api.get_state(made).elemental_id
    api.update_state_by_elemental_id(version, name, {"frame": 6})
    now = api.get_state_by_elemental_id(version, name)
    equal((now.frame, now.mark), (6, 1))
    api.delete_state_by_elemental_id(version, name, {})
    assert api.get_state_by_elemental_id(version, name).variant_deleted
    equal(api.get_state_count(project, type=day["Frame state"]), 0)
