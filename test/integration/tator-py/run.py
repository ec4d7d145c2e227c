"""
Plays the day against a hub: run.py HOST FOLDER, the administrator's password in TATOR_PASSWORD.
Writes one line of JSON a step: {"step", "outcome": "passed" | "failed" | "skipped", "detail"}, and last
{"answered"}: the operations that the client was answered.
"""

import json
import logging
import os
import sys
import traceback

from day.calls import watch
from day.suite import STEPS, Day, Skipped
from day import project, people, media, kinds, pictures, annotations, states, search, leaves, entries  # noqa: F401
from day import files, algorithms, copies, transcoder, end  # noqa: F401


def play(function, day: Day) -> tuple[str, str]:
    try:
        function(day)
    except Skipped as reason:
        return ("skipped", str(reason))
    except Exception:
        return ("failed", traceback.format_exc(limit=-6))
    return ("passed", "")


def main() -> None:
    logging.disable(logging.CRITICAL)
    _, host, folder = sys.argv
    answered = watch()
    day = Day(host=host, folder=folder, password=os.environ["TATOR_PASSWORD"])
    # The client's helpers print; what is ours to say has a stream of its own.
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for sentence, function in STEPS:
        outcome, detail = play(function, day)
        print(json.dumps({"step": sentence, "outcome": outcome, "detail": detail}), file=out, flush=True)
    print(json.dumps({"answered": sorted(answered)}), file=out, flush=True)


main()
