"""Where the time of a role's policy goes, part by part: what one processor works, in seconds.

    python tests/bench/parts.py FOLDER ROLE-ARN [SINCE UNTIL]

The functions that a part begins with are timed as `tests/bench/policy.py` is run; what one of them calls that begins
another part counts there alone. What is left to none is told, too.
"""

from __future__ import annotations

import functools
import importlib
import os
import sys
import time
from collections import Counter
from collections.abc import Callable
from typing import Any, Final

BEGINS: Final = {
    "list files": ("tracer.collect.files:FileSource.search",),
    "read and unpack": ("tracer.collect.search:_unpack",),
    "search, count and cut": ("tracer.collect.search:_search",),
    "decode": ("tracer.reduce.calls:Calls.read", "tracer.reduce.calls:parse"),
    "attribute": (
        "tracer.reduce.attribution:Attribution.observe",
        "tracer.reduce.attribution:Attribution.members",
        "tracer.reduce.inventory:Notes.observe",
    ),
    "map": ("tracer.reduce.reduction:map_record",),
    "generalize and fold": ("tracer.reduce.reduction:Reduction.add", "tracer.reduce.reduction:Reduction.trace"),
    "load tables": ("tracer.reference.table:_service",),
    "emit and check": ("tracer.emit:draft",),
}
"""Each part, with the functions that it begins with."""

_REST: Final = "select, duplicates, and what is left"


class Watch:
    """Whose time it is: a stack of parts, of which the last one spends."""

    def __init__(self) -> None:
        self.spent: Counter[str] = Counter()
        self._parts = [_REST]
        self._since = 0.0

    def begin(self) -> float:
        """From now on time is spent; what was spent before."""
        self._since = time.process_time()
        return self._since

    def stop(self) -> None:
        """Up to now it was the last part's."""
        now = time.process_time()
        self.spent[self._parts[-1]] += now - self._since
        self._since = now

    def timed(self, part: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function; while it runs it is that part's time."""

        @functools.wraps(function)
        def call(*args: object, **options: object) -> object:
            self.stop()
            self._parts.append(part)
            try:
                return function(*args, **options)
            finally:
                self.stop()
                self._parts.pop()

        return call

    def put_before(self, part: str, place: str) -> None:
        """Time the function at that place."""
        module, _, path = place.partition(":")
        holder = importlib.import_module(module)
        *names, last = path.split(".")
        for name in names:
            holder = getattr(holder, name)
        setattr(holder, last, self.timed(part, getattr(holder, last)))


def parts(folder: str, role: str, since: str | None = None, until: str | None = None) -> Counter[str]:
    """The seconds of each part; the start is that of the interpreter and of all imports."""
    import tracer
    from tracer.collect import open as _open  # noqa: F401 - loaded with the rest, before anything is timed

    watch = Watch()
    for part, places in BEGINS.items():
        for place in places:
            watch.put_before(part, place)
    watch.spent["start and imports"] = watch.begin()
    trace = tracer.trace(folder, principal=role, since=since, until=until)
    tracer.draft(trace, baseline="none")
    watch.stop()
    return watch.spent


def main(folder: str, role: str, *window: str) -> None:
    """Print the parts, the largest first."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})  # so there is one worker, and all happens in this thread
    found = parts(folder, role, *window)
    whole = sum(found.values())
    for part, seconds in found.most_common():
        sys.stdout.write(f"| {part} | {seconds:.2f} s | {seconds / whole:.0%} |\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
