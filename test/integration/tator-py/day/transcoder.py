"""The client's own transcoder, which many use instead of the server's."""

import shutil
import subprocess
import sys

from .media import make_clip
from .suite import Day, Skipped, equal, step


@step("takes in a video that python -m tator.transcode has transcoded")
def own_transcoder(day: Day) -> None:
    if shutil.which("mp4dump") is None:
        raise Skipped("tator.transcode needs the program mp4dump of Bento4")
    make_clip(day.path("own.mp4"), seconds=2, size="320x240")
    place = ["--host", day.host, "--token", day.token, "--project", str(day["project"])]
    target = ["--type", str(day["video"]), "--section", "Dives", "--name", "own.mp4", "--gid", "g1"]
    run = subprocess.run(
        [sys.executable, "-m", "tator.transcode", day.path("own.mp4"), *place, *target],
        capture_output=True,
        text=True,
        cwd=day.folder,
    )
    assert run.returncode == 0, run.stdout[-1500:] + run.stderr[-1500:]
    [media] = day.api.get_media_list(day["project"], name="own.mp4")
    equal((media.num_frames, media.width, media.height), (50, 320, 240))
    assert media.media_files.streaming[0].segment_info
