"""What a chapter needs: the list of steps, and what earlier steps have made."""

import base64
import json
import os
import time
from dataclasses import dataclass, field
from typing import Any, Callable

from tator.exceptions import ApiException

STEPS: list[tuple[str, Callable[["Day"], None]]] = []


def step(sentence: str):
    """Adds a step under its sentence. tator-py.test.ts reads the sentences from the source."""

    def add(function):
        STEPS.append((sentence, function))
        return function

    return add


class Skipped(Exception):
    """A step that this machine cannot play; says what it lacks."""


@dataclass
class Day:
    """The server, a folder to work in, and what was made so far, by name."""

    host: str
    folder: str
    password: str
    ids: dict[str, Any] = field(default_factory=dict)
    token: str = ""
    api: Any = None

    def path(self, name: str) -> str:
        return os.path.join(self.folder, name)

    def __getitem__(self, name: str) -> Any:
        if name not in self.ids:
            raise AssertionError(f"an earlier step was to make {name!r}")
        return self.ids[name]

    def __setitem__(self, name: str, value: Any) -> None:
        self.ids[name] = value


def equal(actual: Any, expected: Any) -> None:
    assert actual == expected, f"expected {expected!r}, got {actual!r}"


def refused(status: int, call: Callable[[], Any]) -> str:
    """The message of a call that must be refused with this status."""
    try:
        call()
    except ApiException as error:
        equal(error.status, status)
        return json.loads(error.body)["message"]
    raise AssertionError(f"expected a refusal with {status}")


def finished(progress) -> Any:
    """The response of one of the client's generators of (progress, response)."""
    response = None
    for _, response in progress:
        pass
    return response


def exhausted(progress) -> None:
    last = None
    for last in progress:
        pass
    equal(last, 100)


def until(check: Callable[[], Any], seconds: float = 90) -> Any:
    """Polls until the check answers something true."""
    limit = time.monotonic() + seconds
    while True:
        answer = check()
        if answer:
            return answer
        assert time.monotonic() < limit, "waited too long"
        time.sleep(0.2)


def encoded(search: dict) -> str:
    return base64.b64encode(json.dumps(search).encode()).decode()
