"""A short run of each harness: its corpus, and what is made of it by a seed. `make fuzz` is the long one."""

from __future__ import annotations

import signal
from itertools import islice
from pathlib import Path
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fuzz import arns, bulk, records
from fuzz.harness import CORPUS, EXECUTIONS, seeds, target_of
from fuzz.records import DEEP, naive_count, nests_deep
from tracer.collect.search import all_records
from tracer.reduce import trace
from tracer.reduce.select import Binned, Selected

USUAL: Final = 2_000
SEED: Final = 0


@pytest.mark.parametrize("name", EXECUTIONS)
def test_a_short_run(name: str):
    corpus = seeds(CORPUS / name)
    ran = bulk.run(name, bulk.inputs(name, corpus, SEED), USUAL)
    assert ran.executions >= USUAL
    assert ran.inputs >= len(corpus)


@pytest.mark.parametrize("name", EXECUTIONS)
@settings(max_examples=50)
@given(data=st.binary(max_size=64) | st.text(max_size=64).map(str.encode))
def test_bytes_that_mean_nothing(name: str, data: bytes):
    target_of(name)(data)


@pytest.mark.parametrize("name", EXECUTIONS)
def test_one_seed_gives_one_run(name: str):
    first, second = (list(islice(bulk.inputs(name, seeds(CORPUS / name), SEED), 100)) for _ in range(2))
    assert first == second
    assert first != list(islice(bulk.inputs(name, seeds(CORPUS / name), SEED + 1), 100))


def test_an_execution_of_the_record_path_is_a_record():
    target = target_of("records")
    assert target(b'{"Records":[{"eventName":"A"},{},1]}') == 2
    assert target(b"") == 0


def test_the_naive_count_is_asked_for():
    """A law that is never tested holds always."""
    counts = [naive_count(data) for data in islice(bulk.inputs("records", seeds(CORPUS / "records"), SEED), 100)]
    known = [count for count in counts if count is not None]
    assert max(known) > 30
    assert len(known) > 50


@pytest.mark.parametrize("lost", ["by one of two readers", "between the bins"])
def test_a_lost_record_is_noticed(monkeypatch: pytest.MonkeyPatch, lost: str):
    if lost == "by one of two readers":
        monkeypatch.setattr(records, "all_records", lambda file: list(all_records(file))[1:])
    else:
        found = trace.select
        monkeypatch.setattr(trace, "select", lambda *asked: (item for item in found(*asked) if not late(item)))
    with pytest.raises(AssertionError):
        bulk.run("records", bulk.inputs("records", seeds(CORPUS / "records"), SEED), USUAL)


def late(item: Selected | Binned) -> bool:
    return isinstance(item, Binned) and item.bin == "outside_window"


@pytest.mark.parametrize(
    ("data", "deep"),
    [
        (b"[" * DEEP + b"]" * DEEP, True),
        (b"[" * (DEEP - 1) + b"]" * (DEEP - 1), False),
        (b"[%b]" % b",".join([b"{}"] * DEEP), False),
        (b'["' + b"[" * DEEP + b'\\""]', False),
        (b'["' + b"]" * DEEP + b'"]' + b"[" * DEEP, True),
        (b"\x1f\x8b", True),
    ],
    ids=["deep", "not yet", "wide", "in a string", "behind a string", "gzip"],
)
def test_how_deep_an_input_nests(data: bytes, deep: bool):
    assert nests_deep(data) is deep


def test_what_fails_is_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setattr(arns, "target", lambda data: 1 // len(data))
    with pytest.raises(ZeroDivisionError):
        bulk.run("arns", [b"a", b""], 5, kept=tmp_path / "failed")
    assert (tmp_path / "failed").read_bytes() == b""
    assert signal.getitimer(signal.ITIMER_PROF) == (0, 0)


def endless(_: bytes) -> int:
    while True:
        pass


def test_what_takes_too_long_fails(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setattr(bulk, "SLOW", 0.05)
    monkeypatch.setattr(arns, "target", endless)
    with pytest.raises(bulk.TooSlow):
        bulk.run("arns", [b"a"], 1, kept=tmp_path / "failed")
    assert (tmp_path / "failed").read_bytes() == b"a"
