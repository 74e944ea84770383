"""`make bench`: how fast tracer is, beside its peers and beside the floor, as the table that README quotes.

    python tests/bench/run.py [--folder .bench] [--rounds 5] [--largest 3000000] [--profile]

Corpora are made where they are missing (`corpus.py`). Ratios are drawn from whole processes, measured interleaved in
one run: a round starts each command once, and a command counts with its median. All that answer the question must agree
on how many records are the role's. The peers live in an environment of their own, `--peers FOLDER` (`make bench` makes
it); one that is not there is left out. `--profile` tells, below the table, where tracer's own time goes (`parts.py`).
"""

from __future__ import annotations

import argparse
import contextlib
import datetime
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from math import log
from pathlib import Path
from typing import Final

import corpus


class Unmeasured(Exception):
    """A command failed, or its answer is not that of the others."""


HERE: Final = Path(__file__).resolve().parent
SINCE, UNTIL = "2026-11-16T00:00Z", "2026-11-23T00:00Z"
INSIDE: Final = ("2026-11-19T13:00Z", "2026-11-19T13:30Z")
WINDOWED: Final = 1_000_000
"""How many records a week must have at least for the role to have some in half an hour."""
NAME: Final = corpus.APPLICATION.rpartition("/")[2]


@dataclass
class Command:
    """A process that is measured.

    Attributes:
        line: its arguments; a text is the shell's.
        one_processor: whether it gets a single one.
        count: reads how many records are the role's from what it prints, or leaves behind.
        seconds, cpu, memory: of each round; memory in MB.
    """

    line: Sequence[str] | str
    one_processor: bool = False
    count: Callable[[str], int] | None = None
    seconds: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)
    counted: int | None = None

    def measure(self) -> None:
        """Run it once."""
        cores = {min(os.sched_getaffinity(0))} if self.one_processor else os.sched_getaffinity(0)
        with tempfile.TemporaryFile("w+") as out:
            start = time.perf_counter()
            process = subprocess.Popen(  # noqa: S603
                self.line if not isinstance(self.line, str) else ["bash", "-o", "pipefail", "-c", self.line],
                stdout=out,
                stderr=subprocess.DEVNULL,
                preexec_fn=lambda: os.sched_setaffinity(0, cores),
            )
            _, status, used = os.wait4(process.pid, 0)
            self.seconds.append(time.perf_counter() - start)
            process.returncode = os.waitstatus_to_exitcode(status)
            if process.returncode:
                raise Unmeasured(f"exit code {process.returncode}: {self.line}")
            self.cpu.append(used.ru_utime + used.ru_stime)
            self.memory.append(used.ru_maxrss / 1024)
            out.seek(0)
            if self.count:
                self.counted = self.count(out.read())

    @property
    def time(self) -> float:
        return statistics.median(self.seconds)

    @property
    def work(self) -> float:
        return statistics.median(self.cpu)

    @property
    def peak(self) -> float:
        return statistics.median(self.memory)


def interleaved(rounds: int, *commands: Command | None) -> None:
    """Measure them all, round by round; they must agree on what they count."""
    given = [command for command in commands if command]
    for _ in range(rounds):
        for command in given:
            command.measure()
    counts = {command.counted for command in given if command.count}
    if len(counts) > 1:
        raise Unmeasured(f"they do not agree: {[(command.line, command.counted) for command in given]}")


@dataclass(frozen=True)
class Row:
    """A line of the table."""

    what: str
    target: str
    measured: str
    reached: bool | None = None

    def __str__(self) -> str:
        mark = {True: "yes", False: "**no**", None: ""}[self.reached]
        return f"| {self.what} | {self.target} | {self.measured} | {mark} |"


class Bench:
    """What is measured, group by group."""

    def __init__(self, folder: Path, peers: Path, rounds: int, largest: int) -> None:
        self._folder = folder
        self._peers = peers
        self._rounds = rounds
        self._sizes = [size for size in (10_000, 100_000, 1_000_000, 3_000_000) if size <= largest]
        self._large = min(1_000_000, largest)

    def _week(self, records: int) -> str:
        """The folder with that many records."""
        folder = self._folder / str(records)
        corpus.write(folder, records)
        return str(folder)

    def rows(self) -> Iterator[Row]:
        """The table. What cannot be measured is a row that says why, and the rest goes on."""
        groups = self._against_peers, self._any, self._workers, self._memory_and_growth, self._window, self._small
        for group in groups:
            try:
                yield from group()
            except Unmeasured as error:
                yield Row("not measured", "", str(error), reached=False)

    def _tracer(self, records: int, *window: str, role: str = corpus.APPLICATION, one: bool = False) -> Command:
        line = [sys.executable, str(HERE / "policy.py"), self._week(records), role, *window]
        return Command(line, one_processor=one, count=int if role == corpus.APPLICATION and not window else None)

    def _trace(self, records: int, principal: str, *, one: bool = False) -> Command:
        """The trace alone: the policies of all that these callers did are more than AWS attaches."""
        line = [sys.executable, "-m", "tracer", "reduce", "--from", self._week(records), "--principal", principal]
        return Command(line, one_processor=one)

    def _trailscraper(self, records: int, *options: str, then: str = "") -> Command | None:
        program = self._peers / "bin" / "trailscraper"
        if not program.exists():
            return None
        line = f"{program} select --log-dir {self._week(records)} {' '.join(options)}"
        return Command(f"{line}{then and f' | {program} {then}'}")

    def _peer(self, name: str, records: int) -> Command | None:
        python = self._peers / "bin" / "python"
        if not (shutil.which("jq") if name == "jq" else python.exists()):
            return None
        line = [str(python if python.exists() else sys.executable), str(HERE / "peers.py"), name]
        return Command([*line, self._week(records), corpus.APPLICATION], count=int)

    def _reader(self, records: int, *, one: bool = False) -> Command:
        return Command([sys.executable, str(HERE / "reader.py"), self._week(records)], one_processor=one)

    def profile(self) -> Iterator[str]:
        """Where the time of the role's policy goes, and where that of one out of a short window."""
        asked: list[tuple[str, tuple[str, ...]]] = [(f"a role's policy of {self._large:,} records", ())]
        if self._large >= WINDOWED:
            asked.append(("the policy of 30 minutes of them", INSIDE))
        for what, window in asked:
            line = [sys.executable, str(HERE / "parts.py"), self._week(self._large), corpus.APPLICATION, *window]
            parts = subprocess.run(line, check=True, capture_output=True, text=True).stdout  # noqa: S603
            yield f"| {what}, by part | processor time, 1 worker | |\n|---|---|---|\n{parts}"

    def _floor(self, records: int) -> Command:
        line = [sys.executable, str(HERE / "floor.py"), self._week(records), NAME]
        return Command(line, one_processor=True)

    def _against_peers(self) -> Iterator[Row]:
        """One question, the role's policy, asked of all; of tracer with one worker, too, and of the floor."""
        size, role = self._large, ("--filter-assumed-role-arn", corpus.APPLICATION)
        week = ("--from", SINCE, "--to", UNTIL)
        mine, alone, floor = self._tracer(size), self._tracer(size, one=True), self._floor(size)
        deployer = self._trace(size, corpus.DEPLOYER, one=True)
        theirs = self._trailscraper(size, *role, *week, then="generate")
        others = {name: self._peer(name, size) for name in ("duckdb", "polars", "jq")}
        reader = self._reader(size, one=True)
        interleaved(self._rounds, mine, alone, deployer, reader, floor, theirs, *others.values())
        if theirs:
            what = f"a role's policy of {size:,} records, against `trailscraper select \\| generate`"
            yield _times(what, theirs.time / mine.time, 20, f"{theirs.time:.1f} s, {mine.time:.2f} s")
            yield _times("the same, 1 worker", theirs.time / alone.time, 15, f"{alone.time:.2f} s")
        told = f"{alone.work:.2f} s, {floor.work:.2f} s"
        yield _at_most("the same, 1 worker, CPU against the floor", alone.work / floor.work, 1.8, " ×", told)
        told = f"{reader.work / floor.work:.2f} × ({reader.work:.2f} s)"
        yield Row("of that, the reader: files to the role's records", "", told)
        told = f"{deployer.work / floor.work:.2f} × ({deployer.work:.2f} s)"
        yield Row("the trace of a role for which others act (a second look)", "", told)
        for name, command in others.items():
            if command:
                told = f"{command.time / mine.time:.1f} × ({command.time:.2f} s)"
                yield Row(f"{name}, the same files and question", "beaten", told, command.time > mine.time)

    def _any(self) -> Iterator[Row]:
        size = self._large
        mine = self._trace(size, "any")
        theirs = self._trailscraper(size, "--from", SINCE, "--to", UNTIL)
        interleaved(1 if size >= 1_000_000 else self._rounds, mine, theirs)
        what = "`--principal any`, against trailscraper select without a filter"
        if theirs:
            yield _times(what, theirs.time / mine.time, 10, f"{theirs.time:.1f} s, {mine.time:.1f} s")
        yield _at_most("its memory", mine.peak, 250, " MB")

    def _workers(self) -> Iterator[Row]:
        size = self._large
        one, two = self._reader(size, one=True), self._reader(size)
        alone, whole = self._tracer(size, one=True), self._tracer(size)
        interleaved(self._rounds, one, two, alone, whole)
        yield _times("2 workers against 1: reader", one.time / two.time, 1.6, f"{one.time:.2f} s, {two.time:.2f} s")
        yield _times("2 workers against 1: whole process", alone.time / whole.time, 1.3)

    def _memory_and_growth(self) -> Iterator[Row]:
        runs = {size: self._tracer(size) for size in self._sizes if size >= 100_000}
        for command in runs.values():
            command.count = None  # of each size it is another one
        interleaved(self._rounds, *runs.values())
        peaks = ", ".join(f"{command.peak:.0f} MB" for command in runs.values())
        sizes = ", ".join(f"{size:,}" for size in runs)
        if runs:
            highest = max(command.peak for command in runs.values())
            yield Row(f"peak memory, a role on {sizes} records", "under 80 MB", peaks, highest < 80)
        if 3_000_000 in runs:
            million, three = runs[1_000_000], runs[3_000_000]
            yield _at_most("3 M against 1 M: memory", three.peak / million.peak, 1.2, " ×")
            yield _at_most("3 M against 1 M: time", three.work / million.work, 3.2, " ×")
        for name, exponent in growth().items():
            yield _at_most(f"{name}, 10 k to 200 k permissions: exponent", exponent, 1.3, "")

    def _window(self) -> Iterator[Row]:
        if self._large < WINDOWED:
            return
        mine = self._tracer(self._large, *INSIDE)
        theirs = self._trailscraper(self._large, "--from", INSIDE[0], "--to", INSIDE[1])
        interleaved(self._rounds, mine, theirs)
        yield _at_most("a 30-minute window of 7 days", mine.time, 0.15, " s")
        if theirs:
            yield _times("the same, against trailscraper", theirs.time / mine.time, 3)

    def _small(self) -> Iterator[Row]:
        first, help_ = self._tracer(10_000), Command([sys.executable, "-m", "tracer", "--help"])
        bare = Command([sys.executable, "-c", "pass"])
        interleaved(self._rounds, first, help_, bare)
        yield _at_most(
            "`tracer --help` against `python -c pass`", help_.time / bare.time, 6, " ×", f"{help_.time:.3f} s"
        )
        yield _at_most("first useful output on 10,000 records", first.time, 0.25, " s")
        line = [sys.executable, str(HERE / "check.py")]
        told = subprocess.run(line, check=False, capture_output=True, text=True).stdout  # noqa: S603
        seconds = float(told.rpartition(": ")[2].partition(" s")[0])
        yield _at_most("1,000,000 (action, ARN) pairs against 50 statements", seconds, 1, " s")


def growth() -> dict[str, float]:
    """How the time of each step grows with the number of distinct permissions: the exponent between 10 k and 200 k."""
    from tracer.emit.draft import DraftOptions
    from tracer.errors import EmitError
    from tracer.model.action import Action
    from tracer.model.arn import ArnPattern
    from tracer.model.permission import Evidence, Permission, ResourcesMode, Section, UsedPermission
    from tracer.model.trace import Accounting, RunFacts, Trace
    from tracer.pipeline import draft
    from tracer.reduce.generalize import Generalizer

    def permissions(count: int) -> list[Permission]:
        role = corpus.APPLICATION
        tables = (f"arn:aws:dynamodb:us-east-1:111122223333:table/orders-{number:06}" for number in range(count))
        return [Permission(Section.DEPLOYER, role, Action("dynamodb:GetItem"), ArnPattern(table)) for table in tables]

    def generalized(items: list[Permission]) -> None:
        generalize = Generalizer(ResourcesMode.NAMES)
        for item in items:
            generalize(item.resource)

    def drafted(items: list[Permission]) -> None:
        used = tuple(
            UsedPermission(item, Evidence(1, "2026-11-16T00:00:00Z", "2026-11-16T00:00:00Z", ("e",))) for item in items
        )
        with contextlib.suppress(EmitError):  # so many documents nobody can attach; they are packed before that shows
            draft([Trace(RunFacts(), used, (), (), Accounting(used=len(used)))], DraftOptions(baseline="none"))

    found = {}
    for name, step in (("generalize", generalized), ("minimise, pack and check", drafted)):
        spent = []
        for count in (10_000, 50_000, 200_000):
            items = permissions(count)
            start = time.process_time()
            step(items)
            spent.append(time.process_time() - start)
        found[name] = log(spent[-1] / spent[0]) / log(20)
    return found


def _times(what: str, ratio: float, target: float, told: str = "") -> Row:
    return Row(what, f"≥ {target:g} ×", f"{ratio:.1f} ×{told and f' ({told})'}", ratio >= target)


def _at_most(what: str, value: float, target: float, unit: str, told: str = "") -> Row:
    return Row(what, f"≤ {target:g}{unit}", f"{value:.2f}{unit}{told and f' ({told})'}", value <= target)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder", type=Path, default=Path(".bench"))
    parser.add_argument("--peers", type=Path, default=Path(".venv-peers"))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--largest", type=int, default=3_000_000)
    parser.add_argument("--profile", action="store_true")
    given = parser.parse_args()
    bench = Bench(given.folder, given.peers, given.rounds, given.largest)
    today = datetime.datetime.now(datetime.UTC).date()
    machine = f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"
    sys.stdout.write(
        f"{today}, {machine}; medians of {given.rounds}\n\n| what | target | measured | reached |\n|---|---|---|---|\n"
    )
    for row in bench.rows():
        sys.stdout.write(f"{row}\n")
        sys.stdout.flush()
    for table in bench.profile() if given.profile else ():
        sys.stdout.write(f"\n{table}")


if __name__ == "__main__":
    main()
