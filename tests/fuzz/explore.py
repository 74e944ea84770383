"""Exploration: atheris runs a harness in instrumented code and keeps the inputs that reach what no other reached.

Only tracer's modules are instrumented, and of them those that the harness imports. Half of its mutations are
libFuzzer's, which knows what the code compares its input with, half are ours, which keep the form.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from fuzz.harness import CORPUS, seeds, target_of
from fuzz.mutation import TOKENS, mutated

SLOW: Final = 60
"""Seconds by the clock, so that a busy machine is no failure."""
MEMORY: Final = 2048
"""Megabytes, what is instrumented and what is cached included."""
LONGEST: Final = 4_096
"""Bytes of an input: the bulk run makes large ones."""


def options(tokens: Path, *, seconds: int, seed: int, failed: Path, corpora: Sequence[Path]) -> list[str]:
    """libFuzzer's: what is found is put into the first of the corpora."""
    tokens.write_text("".join(f'"{_spelled(token)}"\n' for token in TOKENS), encoding="ascii")
    return [
        f"-max_total_time={seconds}", f"-seed={seed}", f"-timeout={SLOW}", f"-rss_limit_mb={MEMORY}",
        f"-max_len={LONGEST}", f"-artifact_prefix={failed}/failed-", f"-dict={tokens}", "-print_final_stats=1",
        *map(str, corpora),
    ]  # fmt: skip


def explore(name: str, libfuzzer: Sequence[str]) -> None:
    """Never returns: libFuzzer ends the process."""
    import atheris

    with atheris.instrument_imports(include=["tracer"]):
        target = target_of(name)
    others = seeds(CORPUS / name)

    def mutate(data: bytes, longest: int, seed: int) -> bytes:
        draw = random.Random(seed)  # noqa: S311 - mutations, and no secrets
        if draw.random() < 0.5:
            return bytes(atheris.Mutate(data, longest))
        return mutated(bytes(data), draw, others)[:longest]

    def execute(data: bytes) -> None:
        target(data)

    atheris.Setup([sys.argv[0], *libfuzzer], execute, custom_mutator=mutate)
    atheris.Fuzz()


def _spelled(token: bytes) -> str:
    """A token as libFuzzer's dictionaries have it."""
    return "".join(f"\\x{byte:02x}" for byte in token)
