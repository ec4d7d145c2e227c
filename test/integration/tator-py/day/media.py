"""Uploads with the client's own uploader, transcodes, downloads, and media calls."""

import filecmp
import json
import subprocess

import requests
import tator

from .suite import Day, equal, exhausted, finished, refused, step, until


def make_clip(path: str, seconds: int = 4, size: str = "640x360") -> None:
    source = f"testsrc2=size={size}:rate=25:duration={seconds}"
    tone = f"sine=frequency=440:duration={seconds}"
    args = ["ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", source, "-f", "lavfi", "-i", tone]
    subprocess.run([*args, "-pix_fmt", "yuv420p", "-c:a", "aac", path], check=True)


def frames_of(path: str) -> int:
    entries = ["-count_packets", "-select_streams", "v:0", "-show_entries", "stream=nb_read_packets"]
    told = subprocess.run(
        ["ffprobe", "-v", "error", *entries, "-of", "json", path], check=True, capture_output=True
    )
    return int(json.loads(told.stdout)["streams"][0]["nb_read_packets"])


@step("uploads a video in parts with upload_media, and the hub transcodes it")
def upload_video(day: Day) -> None:
    make_clip(day.path("dive.mp4"))
    progress = tator.util.upload_media(
        day.api,
        day["video"],
        day.path("dive.mp4"),
        section="Dives",
        fname="dive 1.mp4",
        attributes={"Dive": "D7", "Depth": 412.5},
        chunk_size=100_000,
    )
    response = finished(progress)
    assert isinstance(response, tator.models.CreateResponse)
    uid = response.id

    def done():
        status = day.api.get_transcode(uid).job.status
        assert status in ("Pending", "Running", "Succeeded"), status
        return status == "Succeeded"

    until(done)
    [media] = day.api.get_media_list(day["project"], name="dive 1.mp4")
    day["media"] = media.id
    equal((media.num_frames, media.fps, media.width, media.height), (100, 25.0, 640, 360))
    equal((media.attributes["Dive"], media.attributes["Depth"]), ("D7", 412.5))
    equal(media.primary_section, day["section"])
    assert isinstance(media.media_files.streaming[0], tator.models.VideoDefinition)
    equal(max(file.resolution for file in media.media_files.streaming), [360, 640])
    assert media.media_files.thumbnail and media.media_files.thumbnail_gif and media.media_files.audio


@step("downloads the streaming file, the thumbnail, and any file by a signed URL")
def download_video(day: Day) -> None:
    media = day.api.get_media(day["media"])
    exhausted(tator.util.download_media(day.api, media, day.path("back.mp4"), media_type="streaming"))
    equal(frames_of(day.path("back.mp4")), 100)
    exhausted(tator.util.download_media(day.api, media, day.path("thumb.jpg"), media_type="thumbnail"))
    from PIL import Image

    with Image.open(day.path("thumb.jpg")) as picture:
        picture.load()
    signed = day.api.get_media(day["media"], presigned=3600)
    part = requests.get(signed.media_files.streaming[0].path, headers={"Range": "bytes=0-99"})
    equal((part.status_code, len(part.content)), (206, 100))
    index = requests.get(signed.media_files.streaming[0].segment_info).json()
    frames = sum(one["frame_samples"] for one in index["segments"] if one["name"] == "moof")
    equal(frames, 100)


@step("cuts frames and clips out of the segments with MediaUtil")
def cut_with_media_util(day: Day) -> None:
    util = tator.util.MediaUtil(day.folder)
    util.load_from_media_object(day.api.get_media(day["media"], presigned=3600))
    picture = util.get_tile_image([0, 30, 60, 99])
    from PIL import Image

    with Image.open(picture) as tiled:
        equal(tiled.size, (1280, 720))
    clip, segments = util.get_clip([(10, 40)])
    assert frames_of(clip) >= 31
    assert segments[0]["frame_start"] <= 10


@step("uploads an image, which gets its size and a thumbnail")
def upload_image(day: Day) -> None:
    from PIL import Image

    Image.new("RGB", (320, 200), (10, 90, 160)).save(day.path("still.png"))
    progress = tator.util.upload_media(day.api, day["image"], day.path("still.png"), section="Dives")
    response = finished(progress)
    day["still"] = response.id if isinstance(response.id, int) else response.id[0]

    def arrived():
        media = day.api.get_media(day["still"])
        return media if media.width and media.media_files and media.media_files.image else None

    media = until(arrived, 30)
    equal((media.width, media.height), (320, 200))
    exhausted(tator.util.download_media(day.api, media, day.path("still back.png"), media_type="image"))
    assert filecmp.cmp(day.path("still.png"), day.path("still back.png"), shallow=False)
    assert media.media_files.thumbnail


@step("edits media one by one and in bulk, and refuses bad values")
def edit_media(day: Day) -> None:
    api, project = day.api, day["project"]
    api.update_media(day["media"], media_update={"attributes": {"Dive": "D'8 100%"}})
    equal(api.get_media(day["media"]).attributes["Dive"], "D'8 100%")
    api.update_media_list(
        project, media_bulk_update={"attributes": {"Dive": "D7"}, "ids": [day["media"]]}, count=1
    )
    equal(api.get_media(day["media"]).attributes["Dive"], "D7")
    refused(400, lambda: api.update_media(day["media"], media_update={"attributes": {"Depth": "deep"}}))
    refused(404, lambda: api.get_media(999_999))
    equal([one.id for one in api.get_media_list(project, section=day["saved search"])], [day["media"]])
    equal(api.get_media_count(project, type=day["video"]), 1)
    stats = api.get_media_stats(project, media_id=[day["media"]])
    equal((stats.count, round(stats.duration)), (1, 4))
    assert stats.total_size > 0


@step("attaches a file to a media and downloads it again")
def attach(day: Day) -> None:
    with open(day.path("log.csv"), "w") as file:
        file.write("time,depth\n0,412\n" * 100)
    response = finished(tator.util.upload_attachment(day.api, day["media"], day.path("log.csv")))
    assert isinstance(response, tator.models.MessageResponse)
    media = day.api.get_media(day["media"])
    exhausted(tator.util.download_attachment(day.api, media, day.path("log back.csv")))
    assert filecmp.cmp(day.path("log.csv"), day.path("log back.csv"), shallow=False)


@step("imports a video from a URL of the hub")
def import_by_url(day: Day) -> None:
    url = day.api.get_media(day["media"], presigned=3600).media_files.streaming[0].path
    response = tator.util.import_media(day.api, day["video"], url, fname="imported.mp4", section="Dives")
    until(lambda: day.api.get_transcode(response.id).job.status == "Succeeded")
    [media] = day.api.get_media_list(day["project"], name="imported.mp4")
    day["second"] = media.id
    equal(media.num_frames, 100)


@step("pages through all media without losing one")
def page_media(day: Day) -> None:
    api, project = day.api, day["project"]
    spec = [
        {"type": day["image"], "name": f"still {i:03}.png", "md5": f"{i:032}", "section": "Dives"}
        for i in range(25)
    ]
    made = api.create_media_list(project, body=spec)
    assert isinstance(made, tator.models.CreateListResponse)
    day["stills"] = made.id
    pages = tator.util.get_paginator(api, "get_media_list", 7).paginate(
        project=project, type=day["image"], sort_by=["$id"]
    )
    found = [media.id for page in pages for media in page]
    equal(sorted(found), sorted([day["still"], *made.id]))
    api.delete_media_list(project, media_id_query={"ids": made.id}, count=25)
    equal(api.get_media_count(project, type=day["image"]), 1)


@step("puts videos side by side and one after another")
def combine(day: Day) -> None:
    ids = [day["media"], day["second"]]
    multi = tator.util.make_multi_stream(day.api, day["several"], [1, 2], "both", ids, section="Dives")
    files = day.api.get_media(multi.id[0]).media_files
    equal((files.ids, files.layout), (ids, [1, 2]))
    concat = tator.util.make_concat(day.api, "chain", ids, "Dives")
    parts = day.api.get_media(concat.id[0]).media_files.concat
    equal([(part.id, part.timestampOffset) for part in parts], [(ids[0], 0), (ids[1], 4.0)])
