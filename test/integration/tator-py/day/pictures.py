"""Pictures and clips that the server cuts out of media."""

from PIL import Image
import requests
import tator

from .suite import Day, equal, refused, step


@step("gets frames as a tile, a region of a frame, and an animation")
def get_frames(day: Day) -> None:
    api = day.api
    with Image.open(api.get_frame(day["media"], frames=[0, 25, 50, 75], tile="2x2")) as tiled:
        equal(tiled.size, (1280, 720))
    with Image.open(api.get_frame(day["media"], frames=[10], roi="0.5:0.5:0.25:0.25")) as region:
        equal(region.size, (320, 180))
    with Image.open(api.get_frame(day["media"], frames=[0, 5, 10], animate=5, format="gif")) as moving:
        equal(moving.n_frames, 3)
    path = api.get_frame(day["media"], frames=[0, 50], tile="1x2")
    images = tator.util.get_images(path, api.get_media(day["media"]), num_images=2)
    equal([one.size for one in images], [(640, 360), (640, 360)])
    refused(400, lambda: api.get_frame(day["media"], frames=[100_000]))


@step("gets a clip as a temporary file")
def get_clip(day: Day) -> None:
    clip = day.api.get_clip(day["media"], frame_ranges=["10:30"])
    equal(len(clip.segment_start_frames), 1)
    for _ in tator.util.download_temporary_file(day.api, clip.file, day.path("clip.mp4")):
        pass
    from .media import frames_of

    assert frames_of(day.path("clip.mp4")) >= 21


@step("follows a permalink to the file")
def permalink(day: Day) -> None:
    headers = {"Authorization": f"Token {day.token}"}
    url = f"{day.host}/rest/Permalink/{day['media']}?element=streaming"
    answer = requests.get(url, headers=headers, allow_redirects=False)
    equal(answer.status_code, 301)
    part = requests.get(answer.headers["Location"], headers={"Range": "bytes=0-9"})
    equal((part.status_code, len(part.content)), (206, 10))
