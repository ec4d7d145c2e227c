"""The entries of the files of a media, transcodes as a list, and reads by body."""

import uuid

import requests

from .suite import Day, equal, refused, step, until

URL = "https://example.org/elsewhere"


def entries(day: Day, kind: str, role: dict, spec: dict) -> None:
    """Adds, reads, changes and removes one entry of a media that has none of its kind."""
    call = lambda name, *args, **more: getattr(day.api, name.replace("KIND", kind))(day["bare"], *args, **role, **more)
    call("create_KIND_file", {"path": URL, **spec})
    equal([one.path for one in call("get_KIND_file_list")], [URL])
    call("update_KIND_file", {"path": f"{URL}/2", **spec}, index=0)
    equal(call("get_KIND_file", index=0).path, f"{URL}/2")
    call("delete_KIND_file", index=0)
    equal(call("get_KIND_file_list"), [])


@step("adds, changes and removes entries for files of every kind")
def files_of_media(day: Day) -> None:
    spec = {"type": day["video"], "name": "bare.mp4", "md5": "0" * 32}
    made = day.api.create_media_list(day["project"], spec).id
    day["bare"] = made if isinstance(made, int) else made[0]
    entries(day, "video", {"role": "archival"}, {"codec": "h264", "resolution": [720, 1280], "reference_only": 1})
    entries(day, "image", {"role": "thumbnail"}, {"resolution": [72, 128]})
    entries(day, "audio", {}, {"codec": "aac"})
    entries(day, "auxiliary", {}, {"name": "log"})
    day.api.delete_media(day["bare"])


@step("follows transcodes as a list, and cancels one")
def transcodes(day: Day) -> None:
    api, project = day.api, day["project"]
    listed = api.get_transcode_list(project)
    assert all(one.job.status == "Succeeded" for one in listed), listed
    query = {"ids": [day["media"]]}
    equal([one.spec.media_id for one in api.get_transcode_list_by_id(project, query)], [day["media"]])
    gid = str(uuid.uuid4())
    url = api.get_media(day["media"], presigned=3600).media_files.streaming[0].path
    common = {"type": day["video"], "gid": gid, "url": url, "md5": "0" * 32, "section": "Dives"}
    first = api.transcode(project, {**common, "uid": str(uuid.uuid4()), "name": "doomed.mp4"}).id
    api.transcode(project, {**common, "uid": str(uuid.uuid4()), "name": "doomed.mp4"})
    api.delete_transcode(first)
    api.delete_transcode_list(project, gid=gid)
    settled = ("Succeeded", "Failed", "Error", "Canceled", "Cancelled")
    until(lambda: all(one.job.status in settled for one in api.get_transcode_list(project, gid=gid)))
    doomed = [one.id for one in api.get_media_list(project, name="doomed.mp4")]
    if doomed:
        api.delete_media_list(project, {"ids": doomed}, count=len(doomed))


@step("counts and reads by queries in a body")
def by_body(day: Day) -> None:
    api, project = day.api, day["project"]
    both = {"ids": [day["media"], day["second"]]}
    equal(api.get_media_count_by_id(project, both), 2)
    equal(sorted(one.id for one in api.get_media_list_by_id(project, both)), sorted(both["ids"]))
    tracks = {"ids": [day["track"]]}
    equal([one.id for one in api.get_state_list_by_id(project, tracks)], [day["track"]])
    equal(api.get_state_count_by_id(project, tracks), 1)


@step("goes from one media to the next and back, and to the file by its permalink")
def neighbours(day: Day) -> None:
    api = day.api
    order = [one.id for one in api.get_media_list(day["project"], sort_by=["$id"])]
    after = api.get_media_next(order[0]).next
    assert after in order and after != order[0]
    equal(api.get_media_prev(after).prev, order[0])
    content = _bytes(api.get_permalink(day["media"], element="streaming"))
    files = api.get_media(day["media"], presigned=60).media_files.streaming
    assert any(requests.get(file.path).content == content for file in files)


def _bytes(answer) -> bytes:
    """The client keeps videos in files of its own, and tells their names."""
    if isinstance(answer, bytes):
        return answer
    with open(answer, "rb") as file:
        return file.read()
