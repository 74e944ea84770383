"""What is kept of an event history: only what is known to be whole, and each event once."""

from __future__ import annotations

import gzip
import stat
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracer.collect.interface import DELIVERED
from tracer.collect.pages import KEPT, Cutter, Event, Span, Stretch, Stretches
from tracer.errors import CollectError

START = datetime(2026, 11, 24, 8, tzinfo=UTC)
NOW = START + timedelta(hours=12)


def at(second: int) -> datetime:
    return START + timedelta(seconds=second)


def span(first: int, last: int) -> Span:
    return Span(at(first), at(last))


def stretch(first: int, last: int, *seconds: int) -> Stretch:
    return Stretch(span(first, last), [event(second) for second in seconds])


def event(second: int, name: str = "") -> Event:
    return at(second), f"{second}{name}\n".encode()


def stretches(folder: Path, now: datetime = NOW, region: str = "eu-west-1") -> Stretches:
    return Stretches(folder, "123456789012", region, now)


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize(
    ("known", "left"),
    [
        ([], [(0, 9)]),
        ([(0, 9)], []),
        ([(5, 9)], [(0, 4)]),
        ([(0, 3)], [(4, 9)]),
        ([(7, 7), (2, 4)], [(8, 9), (5, 6), (0, 1)]),
        ([(5, 9), (0, 4)], []),
    ],
    ids=str,
)
def test_what_is_left_to_ask(known: list[tuple[int, int]], left: list[tuple[int, int]]):
    assert list(span(0, 9).gaps(span(*ends) for ends in known)) == [span(*ends) for ends in left]


@pytest.mark.parametrize(
    ("window", "known"),
    [
        ((0, 99), stretch(10, 20, 20, 15, 15, 10)),
        ((10, 20), stretch(10, 20, 20, 15, 15, 10)),
        ((12, 19), stretch(12, 19, 15, 15)),
        ((11, 12), stretch(11, 12)),
        ((21, 99), None),
        ((0, 9), None),
    ],
    ids=str,
)
def test_of_what_is_kept_comes_what_the_window_holds(tmp_path: Path, window: tuple[int, int], known: Stretch | None):
    stretches(tmp_path).keep(stretch(10, 20, 20, 15, 15, 10))
    assert list(stretches(tmp_path).known(span(*window))) == [known] * bool(known)


def test_where_stretches_overlap_one_is_cut(tmp_path: Path):
    """Two commands may run at once."""
    for kept in (stretch(0, 20, 20, 10), stretch(15, 30, 25, 20), stretch(16, 18)):
        stretches(tmp_path).keep(kept)
    assert list(stretches(tmp_path).known(span(0, 99))) == [stretch(15, 30, 25, 20), stretch(0, 14, 10)]


def test_another_account_or_region_is_another(tmp_path: Path):
    stretches(tmp_path).keep(stretch(0, 9, 5))
    assert not list(stretches(tmp_path, region="us-east-1").known(span(0, 9)))
    assert not list(Stretches(tmp_path, "210987654321", "eu-west-1", NOW).known(span(0, 9)))
    assert list(stretches(tmp_path).known(span(0, 9)))


def test_what_may_be_on_its_way_still_is_not_kept(tmp_path: Path):
    now = at(15) + DELIVERED
    stretches(tmp_path, now).keep(stretch(16, 20, 18))
    assert files(tmp_path) == []
    stretches(tmp_path, now).keep(stretch(10, 20, 18, 15, 12))
    assert list(stretches(tmp_path, now).known(span(0, 99))) == [stretch(10, 15, 15, 12)]


def test_it_counts_for_a_day_and_is_swept_away_then(tmp_path: Path):
    stretches(tmp_path).keep(stretch(0, 9, 5))
    assert list(stretches(tmp_path, NOW + KEPT - timedelta(seconds=1)).known(span(0, 9)))
    assert not list(stretches(tmp_path, NOW + KEPT).known(span(0, 9)))
    assert files(tmp_path) == []


def test_what_a_clock_kept_that_was_ahead_is_swept_away(tmp_path: Path):
    stretches(tmp_path, NOW + timedelta(hours=1)).keep(stretch(0, 9, 5))
    assert not list(stretches(tmp_path, NOW).known(span(0, 9)))
    assert files(tmp_path) == []


@pytest.mark.parametrize("damage", ["cut", "empty", "changed", "other times", "unreadable"])
def test_a_file_that_does_not_hold_what_its_name_says_is_not_trusted(tmp_path: Path, damage: str):
    stretches(tmp_path).keep(stretch(0, 9, 5))
    (path,) = files(tmp_path)
    body = path.read_bytes()
    if damage == "unreadable":
        path.unlink()
        path.mkdir()
    elif damage == "other times":
        path.rename(path.with_name("20269999T999999Z" + path.name[16:]))
    else:
        text = gzip.decompress(body).replace(b"5\n", b"6\n")
        path.write_bytes({"cut": body[:-1], "empty": b"", "changed": gzip.compress(text, mtime=0)}[damage])
    assert not list(stretches(tmp_path).known(span(0, 9)))
    if damage in ("cut", "empty", "changed"):
        stretches(tmp_path).keep(stretch(0, 9, 5))
        assert list(stretches(tmp_path).known(span(0, 9))) == [stretch(0, 9, 5)], "it is written anew"


def test_only_the_owner_may_read(tmp_path: Path):
    stretches(tmp_path / "cache").keep(stretch(0, 9, 5))
    (path,) = files(tmp_path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    folders = [tmp_path / folder for folder in path.relative_to(tmp_path).parents if folder.name]
    assert {stat.S_IMODE(folder.stat().st_mode) for folder in folders} == {0o700}


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path):
    (tmp_path / "cache").write_text("a file")
    with pytest.raises(CollectError, match="the cache cannot keep what was fetched"):
        stretches(tmp_path / "cache").keep(stretch(0, 9, 5))
    assert not list(stretches(tmp_path / "cache").known(span(0, 9)))


def cut(*pages: Sequence[int], last: bool = True) -> list[Stretch | None]:
    cutter = Cutter(span(0, 99))
    return [
        cutter.cut([event(second) for second in page], more=not last or number < len(pages))
        for number, page in enumerate(pages, start=1)
    ]


def test_a_page_tells_what_is_newer_than_its_oldest_second():
    assert cut([90, 80, 80], [80, 70], [60]) == [
        stretch(81, 99, 90),
        stretch(71, 80, 80, 80, 80),
        stretch(0, 70, 70, 60),
    ]


def test_a_second_may_take_several_pages():
    assert cut([80, 80], [80, 80], [80, 7]) == [stretch(81, 99), None, stretch(0, 80, 80, 80, 80, 80, 80, 7)]


def test_a_page_may_be_empty():
    assert cut([], [80], []) == [None, stretch(81, 99), stretch(0, 80, 80)]
    assert cut([]) == [stretch(0, 99)]


@pytest.mark.parametrize("pages", [([70, 80], [60]), ([80], [90]), ([100], [9])], ids=str)
def test_an_answer_out_of_order_tells_nothing(pages: Sequence[Sequence[int]]):
    assert cut(*pages)[-1] is None


def test_an_event_without_a_time_tells_nothing():
    cutter = Cutter(span(0, 99))
    assert cutter.cut([event(9), (None, b"{}\n")], more=False) is None


class History:
    """Events, the most recent first, by pages."""

    def __init__(self, events: Sequence[Event], size: int) -> None:
        self.events = sorted(events, reverse=True)
        self.size = size

    def read(self, kept: Stretches, asked: Span, pages: int) -> list[Event] | None:
        """The events of a span, with what is kept; None where that takes more than so many pages: it breaks off."""
        known = list(kept.known(asked))
        found = [event for stretch in known for event in stretch.events]
        for gap in asked.gaps([stretch.span for stretch in known]):
            cutter = Cutter(gap)
            events = [event for event in self.events if gap.first <= event[0] <= gap.last]
            for start in range(0, max(len(events), 1), self.size):
                if not pages:
                    return None
                pages -= 1
                page = events[start : start + self.size]
                if part := cutter.cut(page, more=start + self.size < len(events)):
                    kept.keep(part)
                found += page
        return found


spans = st.tuples(st.integers(0, 40), st.integers(0, 40)).map(sorted).map(lambda ends: span(*ends))


@given(
    seconds=st.lists(st.integers(0, 40), max_size=30),
    size=st.integers(1, 4),
    commands=st.lists(st.tuples(spans, st.integers(0, 8), st.integers(-10, 50)), max_size=5),
    asked=spans,
)
def test_whatever_was_asked_before_and_wherever_it_broke_off_each_event_comes_once(
    seconds: list[int], size: int, commands: list[tuple[Span, int, int]], asked: Span
):
    history = History([event(second, f"-{number}") for number, second in enumerate(seconds)], size)
    with TemporaryDirectory() as folder:
        for command, pages, second in commands:
            history.read(stretches(Path(folder), at(second) + DELIVERED), command, pages)
        found = history.read(stretches(Path(folder), at(60) + DELIVERED), asked, 1_000)
        assert found is not None
        assert sorted(found, reverse=True) == [item for item in history.events if asked.first <= item[0] <= asked.last]
        assert history.read(stretches(Path(folder), at(60) + DELIVERED), asked, 0) is not None, "all of it is kept"
