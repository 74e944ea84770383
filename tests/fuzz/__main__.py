"""Fuzz tracer's parsers: `python -m fuzz [--executions N] [--explore S] [--seed N] [NAME...]`.

Each harness is explored for some seconds, then run in bulk on the corpus and on what was explored, until it has
executed as often as EXECUTIONS says. Both happen in processes of their own, one after the other. What failed, and the
log, are kept in the folder that is told; nothing is written elsewhere. The exit code is 1 where a harness failed.
"""

# ruff: noqa: S603, T201 - the command is ours, and its results are for people

from __future__ import annotations

import argparse
import gc
import re
import subprocess
import sys
import tempfile
import time
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
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    if unknown := set(asked.names) - EXECUTIONS.keys():
        parser.error(f"there is no harness {', '.join(sorted(unknown))}")
    return max([_run(name, asked) for name in asked.names or EXECUTIONS])


def _run(name: str, asked: argparse.Namespace) -> int:
    """One harness; 1 where it failed."""
    kept = Path(tempfile.mkdtemp(prefix=f"tracer-fuzz-{name}-"))
    found, log, began = kept / "found", kept / "log", time.monotonic()
    found.mkdir()
    explored, code = "", 0
    if asked.explore:
        libfuzzer = options(
            kept / "tokens", seconds=asked.explore, seed=asked.seed, failed=kept, corpora=[found, CORPUS / name]
        )
        code, said = _inside(log, "explore", name, *libfuzzer)
        count = max(map(int, re.findall(r"(?:number_of_executed_units: |^#)(\d+)", said, re.MULTILINE)), default=0)
        explored = f" after {count:,} inputs of atheris, of which {len(list(found.iterdir())):,} were new"
    result = "no execution"
    if not code:
        executions = asked.executions or EXECUTIONS[name]
        code, said = _inside(log, "bulk", name, kept, asked.seed, executions, asked.seconds)
        result = said.strip().rpartition("\n")[2] if not code else result
    ended = "0 failures" if not code else f"FAILED, see {kept}"
    print(f"{name}: {result}{explored}; {time.monotonic() - began:,.0f} s, seed {asked.seed}, {ended}", flush=True)
    return int(code != 0)


def _inside(log: Path, *arguments: object) -> tuple[int, str]:
    """The exit code of a process of its own, and what it said, which goes into the log as well."""
    with log.open("w+", encoding="utf-8", errors="replace") as file:
        command = [sys.executable, "-m", "fuzz", _INSIDE, *map(str, arguments)]
        code = subprocess.run(command, stdout=file, stderr=file, check=False).returncode
        file.seek(0)
        return code, file.read()


def _bulk(name: str, kept: str, seed: str, executions: str, seconds: str) -> int:
    """The bulk run on the corpus and on what was found."""
    corpus = seeds(CORPUS / name) + seeds(Path(kept, "found"))
    data = bulk.inputs(name, corpus, int(seed))
    gc.freeze()  # tables and corpora live as long as the run; looking through them takes a tenth of its time
    gc.set_threshold(_SELDOM)
    ran = bulk.run(name, data, int(executions), seconds=int(seconds), kept=Path(kept, "failed"))
    print(f"{ran.executions:,} executions in {ran.inputs:,} inputs, the slowest of {ran.slowest:.2f} s")
    return 0


if __name__ == "__main__":
    if sys.argv[1:2] == [_INSIDE]:
        what, harness, *rest = sys.argv[2:]
        sys.exit(_bulk(harness, *rest) if what == "bulk" else explore(harness, rest))
    sys.exit(main())
