"""A short run of each harness: its corpus, and seeded mutations of it. `make fuzz` is the long one."""

from __future__ import annotations

import random
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fuzz.harness import EXECUTIONS, seeds, target_of
from fuzz.mutation import mutated
from fuzz.records import naive_count

MUTANTS: Final = {"records": 600, "traces": 400}
USUAL: Final = 1000


@pytest.mark.parametrize("name", EXECUTIONS)
def test_a_short_run(name: str):
    target, corpus = target_of(name), seeds(name)
    for data in corpus:
        target(data)
    draw = random.Random(name)  # noqa: S311 - mutations, and no secrets
    for _ in range(MUTANTS.get(name, USUAL)):
        target(mutated(draw.choice(corpus), draw, corpus))


@pytest.mark.parametrize("name", EXECUTIONS)
@settings(max_examples=50)
@given(data=st.binary(max_size=64) | st.text(max_size=64).map(str.encode))
def test_bytes_that_mean_nothing(name: str, data: bytes):
    target_of(name)(data)


def test_the_naive_count_is_asked_for():
    """A law that is never tested holds always."""
    counts = [naive_count(data) for data in seeds("records")]
    assert max(count for count in counts if count is not None) > 1
