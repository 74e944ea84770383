"""The bulk run: a harness is fed inputs that are made of a corpus, by a seed, without instrumentation.

What goes in: the harness's name, a corpus, a seed; equal ones give equal inputs. What comes out: how much was executed,
and how long the slowest input took. It ends at the first failure, which is raised; the input that made it is kept.
"""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from types import FrameType
from typing import Final, NoReturn

from fuzz.harness import target_of
from fuzz.logs import logs
from fuzz.mutation import mutants

SLOW: Final = 10
"""Seconds of the processor's time that an input may take: a reader in linear time needs milliseconds for any."""


@dataclass(frozen=True, slots=True)
class Ran:
    """What was run: executions, inputs, and the seconds that the slowest input took of the processor."""

    executions: int
    inputs: int
    slowest: float


class TooSlow(Exception):
    """An input takes longer than SLOW."""


def inputs(name: str, corpus: Sequence[bytes], seed: int | str) -> Iterator[bytes]:
    """The corpus, and what is made of it, without end."""
    draw = random.Random(f"{name} {seed}")  # noqa: S311 - mutations, and no secrets
    return chain(corpus, (logs if name == "records" else mutants)(corpus, draw))


def run(name: str, data: Iterable[bytes], executions: int, *, seconds: float = 0, kept: Path | None = None) -> Ran:
    """Feed a harness until it has executed so often.

    Args:
        name: the harness.
        data: its inputs.
        executions: how often, or a little more.
        seconds: how long at most; 0: as long as it takes.
        kept: where the input that fails is written.

    Raises:
        TooSlow: an input took longer than SLOW.
        Exception: whatever the harness raises.
    """
    target, done, count, slowest = target_of(name), 0, 0, 0.0
    ends = time.monotonic() + seconds if seconds else float("inf")
    before = signal.signal(signal.SIGPROF, _too_slow)
    try:
        for one in data:
            began = time.process_time()
            signal.setitimer(signal.ITIMER_PROF, SLOW)
            try:
                done += target(one)
            except BaseException:
                signal.setitimer(signal.ITIMER_PROF, 0)
                if kept:
                    kept.write_bytes(one)
                raise
            count += 1
            slowest = max(slowest, time.process_time() - began)
            if done >= executions or time.monotonic() > ends:
                break
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
    return Ran(done, count, slowest)


def _too_slow(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise TooSlow(f"the input takes more than {SLOW} s")
