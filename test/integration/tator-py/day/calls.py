"""Notes which operations the client was answered, whoever called them: a step or one of its helpers."""

import functools

from tator.openapi.client import OpenAPIClient


def watch() -> set[str]:
    """Puts itself before the client's lookup of operations; a call that raises is no answer."""
    answered: set[str] = set()
    lookup = OpenAPIClient.__getattr__

    def watched(self, name: str):
        method = lookup(self, name)

        @functools.wraps(method)
        def noted(*args, **kwargs):
            answer = method(*args, **kwargs)
            answered.add(name)
            return answer

        return noted

    OpenAPIClient.__getattr__ = watched
    return answered
