"""Copies within a project and into another."""

import tator

from .suite import Day, equal, step


@step("clones media and annotations into another project")
def clone(day: Day) -> None:
    api, project, other = day.api, day["project"], day["other project"]
    kind = tator.util.clone_media_type(api, day["video"], other).id
    boxes = tator.util.clone_localization_type(api, day["box"], other, {day["video"]: kind, day["image"]: kind}).id
    tracks = tator.util.clone_state_type(api, day["Localization state"], other, {day["video"]: kind}).id
    [version] = api.get_version_list(other)
    query = {"project": project, "media_id": [day["media"]]}
    [(_, _, _, media)] = list(tator.util.clone_media_list(api, query, other, {}, kind, "Copies"))
    copy = api.get_media(media[day["media"]])
    equal((copy.project, copy.num_frames), (other, 100))
    assert copy.media_files.streaming
    assert copy.id in api.get_cloned_media(day["media"]).ids

    mapping: dict = {}
    versions = {day["baseline"]: version.id}
    boxes_of = {**query, "type": day["box"], "frame": 21}
    query_tracks = {**query, "type": day["Localization state"]}
    for created, total, _, ids in tator.util.clone_localization_list(
        api, {**query, "type": day["box"]}, other, versions, media, {day["box"]: boxes}
    ):
        mapping.update(ids)
    equal(created, total)
    equal(api.get_localization_count(other, frame=21), len(api.get_localization_list(**boxes_of)))
    for _ in tator.util.clone_state_list(
        api, query_tracks, other, versions, media, mapping, {day["Localization state"]: tracks}
    ):
        pass
    [track] = api.get_state_list(other)
    equal(len(track.localizations), 15)
