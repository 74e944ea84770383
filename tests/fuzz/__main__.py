"""Fuzz with atheris, guided by coverage: `python -m fuzz [--runs N] [--seconds S] [NAME...]`.

Each harness runs in a process of its own, one after the other, for as many executions as EXECUTIONS has, or N; with
`--seconds` it ends early. An input that takes longer than `SLOW` seconds or more memory than `MEMORY` is a failure as a
crash is; what failed is kept in the folder that is told. The exit code is 1 where a harness failed.
"""

# ruff: noqa: S603, T201 - the command is ours, and its results are for people

from __future__ import annotations

import argparse
import random
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from fuzz.harness import EXECUTIONS, seeds, target_of
from fuzz.mutation import TOKENS, mutated

SLOW: Final = 60
"""Seconds by the clock, so that a busy machine is no failure: a linear reader needs milliseconds for any input."""
MEMORY: Final = 2048
"""Megabytes, what is instrumented and what is cached included."""
LONGEST: Final = 16_384
"""Bytes of an input."""

_LIBFUZZER: Final = "--"
"""What follows is libFuzzer's."""


def main() -> int:
    """Run the harnesses that are asked for, and tell how each ended."""
    parser = argparse.ArgumentParser(prog="python -m fuzz", description="fuzz tracer's parsers with atheris")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(EXECUTIONS)}; all where none is named")
    parser.add_argument("--runs", type=int, help="executions of each; the numbers of EXECUTIONS where not given")
    parser.add_argument("--seconds", type=int, default=0, help="end each harness after so long; 0: not")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args(sys.argv[1 : sys.argv.index(_LIBFUZZER)] if _LIBFUZZER in sys.argv else None)
    if unknown := set(options.names) - EXECUTIONS.keys():
        parser.error(f"there is no harness {', '.join(sorted(unknown))}")
    if options.inside:
        _fuzz(options.names[0])
    return max(_run(name, options) for name in options.names or EXECUTIONS)


def _run(name: str, options: argparse.Namespace) -> int:
    """One harness, in a process of its own; 1 where it failed."""
    kept = Path(tempfile.mkdtemp(prefix=f"tracer-fuzz-{name}-"))
    corpus, tokens = kept / "corpus", kept / "tokens"
    corpus.mkdir()
    for number, seed in enumerate(seeds(name)):
        (corpus / str(number)).write_bytes(seed)
    tokens.write_text("".join(f'"{_spelled(token)}"\n' for token in TOKENS), encoding="ascii")
    libfuzzer = [
        f"-runs={options.runs or EXECUTIONS[name]}", f"-max_total_time={options.seconds}", f"-seed={options.seed}",
        f"-timeout={SLOW}", f"-rss_limit_mb={MEMORY}", f"-max_len={LONGEST}", f"-artifact_prefix={kept}/failed-",
        f"-dict={tokens}", "-print_final_stats=1", str(corpus),
    ]  # fmt: skip
    began = time.monotonic()
    command = [sys.executable, "-m", "fuzz", "--inside", name, _LIBFUZZER, *libfuzzer]
    with (kept / "log").open("w+", encoding="utf-8", errors="replace") as log:
        code = subprocess.run(command, stdout=log, stderr=log, check=False).returncode
        log.seek(0)
        done = re.findall(r"(?:number_of_executed_units: |^Done |^#)(\d+)", log.read(), re.MULTILINE)
    executed = max(map(int, done), default=0)
    result = "no failure" if code == 0 else f"FAILED ({code}), see {kept}"
    print(f"{name}: {executed:,} executions in {time.monotonic() - began:,.0f} s, {result}", flush=True)
    return int(code != 0)


def _fuzz(name: str) -> None:
    """Never returns: libFuzzer ends the process."""
    import atheris

    with atheris.instrument_imports(include=["tracer"]):
        target = target_of(name)

    others = seeds(name)

    def mutate(data: bytes, longest: int, seed: int) -> bytes:
        draw = random.Random(seed)  # noqa: S311 - mutations, and no secrets
        if draw.random() < 0.5:
            return bytes(atheris.Mutate(data, longest))
        return mutated(bytes(data), draw, others)[:longest]

    atheris.Setup([sys.argv[0], *sys.argv[sys.argv.index(_LIBFUZZER) + 1 :]], target, custom_mutator=mutate)
    atheris.Fuzz()


def _spelled(token: bytes) -> str:
    """A token as libFuzzer's dictionaries have it."""
    return "".join(f"\\x{byte:02x}" for byte in token)


if __name__ == "__main__":
    sys.exit(main())
