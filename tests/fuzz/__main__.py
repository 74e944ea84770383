"""Fuzz tracer's parsers: `python -m fuzz [--executions N] [--explore S] [--jobs N] [--seed N] [NAME...]`.

Each harness is explored for some seconds, then run in bulk on the corpus and on what was explored, until it has
executed as often as EXECUTIONS says. Both happen in processes of their own, the bulk run in as many as there are jobs,
each with a seed of its own. What failed, and the logs, are kept in the folder that is told; nothing is written
elsewhere. The exit code is 1 where a harness failed.
"""

# ruff: noqa: S603, T201 - the command is ours, and its results are for people

from __future__ import annotations

import argparse
import gc
import json
import re
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Final

from fuzz import bulk
from fuzz.explore import explore, options
from fuzz.harness import CORPUS, EXECUTIONS, seeds

EXPLORED: Final = 120
"""Seconds that each harness is explored for."""

_SELDOM: Final = 50_000
"""How many objects more are made than given up before Python looks for cycles."""

_INSIDE: Final = "--inside"
"""What follows is for a process that this one started."""


def main() -> int:
    """Run the harnesses that are asked for, and tell how each ended."""
    parser = argparse.ArgumentParser(prog="python -m fuzz", description="fuzz tracer's parsers")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(EXECUTIONS)}; all where none is named")
    parser.add_argument("--executions", type=int, help="of each in bulk; the numbers of EXECUTIONS where not given")
    parser.add_argument("--explore", type=int, default=EXPLORED, metavar="SECONDS", help="0: not at all")
    parser.add_argument("--seconds", type=int, default=0, help="end each bulk run after so long; 0: not")
    parser.add_argument("--jobs", type=int, default=1, help="processes that share a bulk run")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    if unknown := set(asked.names) - EXECUTIONS.keys():
        parser.error(f"there is no harness {', '.join(sorted(unknown))}")
    return max([_run(name, asked) for name in asked.names or EXECUTIONS])


def _run(name: str, asked: argparse.Namespace) -> int:
    """One harness; 1 where it failed."""
    kept, began = Path(tempfile.mkdtemp(prefix=f"tracer-fuzz-{name}-")), time.monotonic()
    found = kept / "found"
    found.mkdir()
    told, failed = f"seed {asked.seed}", False
    if asked.explore:
        libfuzzer = options(
            kept / "tokens", seconds=asked.explore, seed=asked.seed, failed=kept, corpora=[found, CORPUS / name]
        )
        code, said = _inside(kept / "explore.log", "explore", name, *libfuzzer)
        count = max(map(int, re.findall(r"(?:number_of_executed_units: |^#)(\d+)", said, re.MULTILINE)), default=0)
        told += f", behind {count:,} inputs of atheris, of which {len(list(found.iterdir())):,} reached something new"
        failed = code != 0
    ran = None if failed else _bulk(name, asked, kept)
    ended = (
        f"{ran.executions:,} executions in {ran.inputs:,} inputs, 0 failures, {ran.slowest:.2f} s the slowest"
        if ran
        else f"FAILED, see {kept}"
    )
    print(f"{name}: {ended}; {time.monotonic() - began:,.0f} s, {told}", flush=True)
    return int(ran is None)


def _bulk(name: str, asked: argparse.Namespace, kept: Path) -> bulk.Ran | None:
    """The bulk run, shared by the jobs; None where it failed."""
    share = -(-(asked.executions or EXECUTIONS[name]) // asked.jobs)

    def one(job: int) -> tuple[int, str]:
        seed = f"{asked.seed}-{job}" if job else asked.seed
        return _inside(kept / f"bulk-{job}.log", "bulk", name, kept, job, seed, share, asked.seconds)

    with ThreadPoolExecutor(asked.jobs) as jobs:
        ended = list(jobs.map(one, range(asked.jobs)))
    if any(code for code, _ in ended):
        return None
    rans = [bulk.Ran(**json.loads(said.strip().rpartition("\n")[2])) for _, said in ended]
    return bulk.Ran(
        sum(ran.executions for ran in rans), sum(ran.inputs for ran in rans), max(ran.slowest for ran in rans)
    )


def _inside(log: Path, *arguments: object) -> tuple[int, str]:
    """The exit code of a process of its own, and what it said, which goes into the log as well."""
    with log.open("w+", encoding="utf-8", errors="replace") as file:
        command = [sys.executable, "-m", "fuzz", _INSIDE, *map(str, arguments)]
        code = subprocess.run(command, stdout=file, stderr=file, check=False).returncode
        file.seek(0)
        return code, file.read()


def _job(name: str, kept: str, job: str, seed: str, executions: str, seconds: str) -> int:
    """One job of the bulk run, on the corpus and on what was found."""
    data = bulk.inputs(name, seeds(CORPUS / name) + seeds(Path(kept, "found")), seed)
    gc.freeze()  # tables and corpora live as long as the run; looking through them takes a tenth of its time
    gc.set_threshold(_SELDOM)
    ran = bulk.run(name, data, int(executions), seconds=int(seconds), kept=Path(kept, f"failed-{job}"))
    print(json.dumps(asdict(ran)))
    return 0


if __name__ == "__main__":
    if sys.argv[1:2] == [_INSIDE]:
        what, harness, *rest = sys.argv[2:]
        sys.exit(_job(harness, *rest) if what == "bulk" else explore(harness, rest))
    sys.exit(main())
