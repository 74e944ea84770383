"""stringzilla and Python's own methods are one and the same to whoever searches."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracer.collect import bytesearch, search
from tracer.collect.files import FileSource
from tracer.model.run import DeployRun
from tracer.model.search import Wanted

texts = st.text("ab{", max_size=300).map(str.encode)
parts = st.text("ab{", min_size=1, max_size=5).map(str.encode)


@given(texts, parts, st.integers(0, 300), st.integers(0, 300))
def test_they_count_and_find_the_same(text: bytes, part: bytes, start: int, end: int):
    start, end = min(start, len(text)), min(end, len(text))
    assert bytesearch.count(text, part) == text.count(part)
    assert bytesearch.find(text, part, start) == text.find(part, start)
    assert bytesearch.rfind(text, part, 0, end) == text.rfind(part, 0, end)


@pytest.fixture
def without_stringzilla(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    monkeypatch.setitem(sys.modules, "stringzilla", None)
    yield importlib.reload(bytesearch)
    monkeypatch.undo()
    importlib.reload(bytesearch)


def test_without_stringzilla_the_same_records_are_found(
    tmp_path: Path, without_stringzilla: ModuleType, monkeypatch: pytest.MonkeyPatch
):
    records = ['{"eventVersion":"1.11","userName":"%s"}' % name for name in ("ann", "bob", "ann", "eve")]  # noqa: UP031
    (tmp_path / "log.json").write_text(f'{{"Records":[{",".join(records)}]}}')
    for name in ("count", "find", "rfind"):
        assert getattr(without_stringzilla, name).__objclass__ is bytes
        monkeypatch.setattr(search, name, getattr(without_stringzilla, name))
    looking = FileSource([tmp_path]).search(DeployRun())
    assert looking
    assert list(looking.look(Wanted(frozenset({(b"ann", b"")})))) == [records[0].encode(), records[2].encode()]
    assert looking.skipped == 2
