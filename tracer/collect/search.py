"""The fast reader: finds the records of a few callers among those of all, in the log files of a trail.

What comes in: files, and what to look for in their bytes (`Wanted`). What goes out: the records that hold it, cut out
of the text; all others are counted and never decoded. It goes by the form that CloudTrail gives its files,

    {"Records":[{"eventVersion":"1.11",...},{"eventVersion":"1.11",...}]}

in which a record begins where `{"eventVersion":"` stands: in no string, for there each quote has a backslash before it.
Nothing is trusted that was not looked at:

- a file that does not begin and end like this, and one of which a cut record is no JSON, is read by
  `tracer.collect.shapes`, which knows every form, and all of its records are handed out (and it is counted);
- what is cut out is only a candidate, and reduce judges its decoded fields.

Files are unpacked and searched by several threads (unpacking lets go of Python's lock) and answer in their order, so
that the same files give the same records in the same order. What was found is kept (`tracer.collect.spool.Lines`): the
second pass reads it from there, and no file twice, unless something new is looked for.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Final, NamedTuple, TypeVar

import msgspec

from tracer.collect.bytesearch import count, find, rfind
from tracer.collect.inflate import keep_memory, whole_text
from tracer.collect.meter import Meter
from tracer.collect.shapes import read_records
from tracer.collect.spool import Lines
from tracer.collect.workers import Workers
from tracer.model.record import Unreadable
from tracer.model.search import Wanted

LONGEST_TEXT: Final = 32 * 1024 * 1024
"""The longest text of a file that is held in memory, in bytes: CloudTrail's own are a few MB."""

MOST_WORKERS: Final = 4
"""How many threads unpack and search at most: what the one that reads the records found can keep up with."""

_AT_ONCE: Final = 1000
"""How many records of a file that is read in full are held at once."""

_KEY: Final = b'"eventVersion"'
_START: Final = b"{" + _KEY + b':"'
_VERSION: Final = b"1."
"""How every eventVersion begins; whoever spells letters and digits in another way spells it so, too."""
_NEXT: Final = b"," + _START
_BETWEEN: Final = b"}" + _NEXT
_HEAD: Final = b'{"Records":[' + _START + _VERSION
_TAIL: Final = b"}]}"
_LIST_END: Final = b"]}"

_sessions: Final = re.compile(rb'assumed-role([^"]++)').findall
_session: Final = re.compile(r"/(?P<role>[^/\\]+)/(?P<session>[^/\\]+)").fullmatch
_ROLE: Final = b"assumed-role"


_Needle = tuple[bytes, bytes]
"""A name, and what stands beside it in the same record; see `Wanted`."""


class _Anything(msgspec.Struct):
    """Any JSON object: decoding it is a check of its form."""


_check: Final = msgspec.json.Decoder(_Anything).decode


@dataclass(slots=True)
class Tally:
    """What a search has read so far: what it is measured by."""

    files: int = 0
    """Files read, each time that they were."""
    files_in_full: int = 0
    """Files that did not look as expected, and were decoded in full."""
    bytes_unpacked: int = 0
    records: int = 0
    """Records there are."""
    records_found: int = 0
    """Records handed out, to be decoded."""


class _File(msgspec.Struct, forbid_unknown_fields=True):
    """A log file of a trail, its records as they stand in it."""

    Records: list[msgspec.Raw]


_file: Final = msgspec.json.Decoder(_File).decode


class _Unlike(Exception):
    """The file does not look as expected."""


@dataclass(frozen=True, slots=True)
class Streamed:
    """The bytes of a file that is too long to be held: how many there are, and how to read them once."""

    size: int
    chunks: Callable[[], Iterator[bytes]]

    def __len__(self) -> int:
        return self.size


Content = bytes | Streamed


class Unpacked(NamedTuple):
    """A file as it lies there, and its text; None where that has to be streamed."""

    path: str
    content: Content
    text: bytes | None


_Result = TypeVar("_Result")


def unpacked(files: Iterable[str], read: Callable[[str], Content], workers: int | None = None) -> Iterator[Unpacked]:
    """Each file with its text, in order.

    Args:
        files: their paths.
        read: the bytes of one.
        workers: how many threads unpack; None is as many as there are processors, up to `MOST_WORKERS`.
    """
    return _in_order(partial(_unpack, read), files, workers)


def _unpack(read: Callable[[str], Content], path: str) -> Unpacked:
    content = read(path)
    return Unpacked(path, content, whole_text(content, LONGEST_TEXT) if isinstance(content, bytes) else None)


def _in_order(work: Callable[[str], _Result], files: Iterable[str], workers: int | None) -> Iterator[_Result]:
    """What `work` makes of each file, in order, by so many threads."""
    keep_memory()
    threads = workers or min(MOST_WORKERS, _processors())
    if threads == 1:
        yield from map(work, files)
    else:
        with Workers(threads, ahead=threads + 1) as running:
            yield from running.map(work, files)


def _processors() -> int:
    """How many processors this process may use; not every system says that of a process."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def all_records(file: Unpacked) -> Iterable[bytes | Unreadable]:
    """All records of a file, and an Unreadable for each thing in it that should have been one."""
    records = _split(file.text) if file.text is not None else None
    if records is not None:
        return records
    content = file.content
    return read_records([content] if isinstance(content, bytes) else content.chunks(), file.path)


def _split(text: bytes) -> Sequence[bytes] | None:
    """All records of a text; None where it does not look as expected."""
    if not text.startswith(_HEAD):
        return None
    try:
        text.decode()
        records = [bytes(record) for record in _file(text).Records]
    except (ValueError, RecursionError):
        return None
    unlike = any(not record.startswith(_START) or b"\n" in record or b"\r" in record for record in records)
    return None if unlike else records


@dataclass(frozen=True, slots=True)
class _Question:
    """What each file is asked in one look.

    Attributes:
        wanted: what to look for.
        before: what was looked for before: a record that holds it is not found again.
        first: whether nothing was; then the records are counted, too.
    """

    wanted: Wanted
    before: Sequence[_Needle]
    first: bool


class _Answer(NamedTuple):
    """What a file says.

    Attributes:
        size: its bytes as it lies there.
        length: its bytes unpacked.
        records: how many records it has, if it was asked.
        found: those with what is wanted in them.
        spelled: the sessions among what was looked for, as the text spells them.
        unlike: the file, where it does not look as expected, and nothing else is known of it.
    """

    size: int
    length: int
    records: int = 0
    found: Sequence[bytes] = ()
    spelled: Set[_Needle] = frozenset()
    unlike: Unpacked | None = None


class FileSearch:
    """A search in log files, which may be asked for more and more.

    Args:
        files: paths, in order.
        read: the bytes of one. Raises CollectError.
        meter: hears how far the reading is.
        workers: as `unpacked` has it.
    """

    def __init__(
        self,
        files: Sequence[str],
        read: Callable[[str], Content],
        meter: Meter,
        workers: int | None = None,
    ) -> None:
        self._files = tuple(files)
        self._read = read
        self._meter = meter
        self._workers = workers
        self._found = Lines()
        self._unreadable: list[Unreadable] = []
        self._sought: set[_Needle] = set()
        self._in_full: set[str] = set()
        self._looked = False
        self.tally = Tally()

    @property
    def skipped(self) -> int:
        """How many records were passed over, in all that was looked for so far."""
        return self.tally.records - self.tally.records_found

    def look(self, wanted: Wanted) -> Iterator[bytes | Unreadable]:
        """The records that hold what is wanted and were not found before. Raises CollectError."""
        for found in self._new(wanted):
            self.tally.records_found += len(found)
            self._found.add(line for line in found if isinstance(line, bytes))
            self._unreadable += (line for line in found if isinstance(line, Unreadable))
            yield from found

    def glance(self, wanted: Wanted) -> Iterator[bytes | Unreadable]:
        """The same, of records that stay among those passed over. Raises CollectError."""
        sought = set(self._sought)
        for found in self._new(wanted):
            yield from found
        self._sought = sought

    def _new(self, wanted: Wanted) -> Iterator[Sequence[bytes | Unreadable]]:
        """By file, what is new in it."""
        question = _Question(wanted, tuple(self._sought), first=not self._looked)
        self._looked = True
        files = [path for path in self._files if path not in self._in_full]
        for answer in _in_order(partial(_ask, question, self._read), files, self._workers):
            self.tally.files += 1
            self.tally.bytes_unpacked += answer.length
            self.tally.records += answer.records
            self._sought |= answer.spelled
            if answer.unlike:
                yield from self._whole(answer.unlike, question)
            else:
                yield answer.found
            self._meter.advance(1, answer.size)
        self._sought |= wanted.needles

    def found(self) -> Iterator[bytes | Unreadable]:
        """Every record that was looked for so far, again."""
        yield from self._unreadable
        yield from self._found

    def _whole(self, file: Unpacked, question: _Question) -> Iterator[Sequence[bytes | Unreadable]]:
        """All records of a file that does not look as expected, but for those that were found before; not all at once,
        for they may be more than memory holds.
        """
        self._in_full.add(file.path)
        self.tally.files_in_full += 1
        if file.text is not None and not question.first:
            self.tally.records -= count(file.text, _KEY)  # it was counted by what looked like records
        rest = iter(all_records(file))
        while records := list(islice(rest, _AT_ONCE)):
            self.tally.records += len(records)
            yield [item for item in records if isinstance(item, Unreadable) or not _holds_one(item, question.before)]


def _ask(question: _Question, read: Callable[[str], Content], path: str) -> _Answer:
    """What a file says."""
    file = _unpack(read, path)
    size, length = len(file.content), len(file.text or b"")
    try:
        return _search(file.text, question)._replace(size=size, length=length)
    except _Unlike:
        return _Answer(size, length, unlike=file)


def _search(text: bytes | None, question: _Question) -> _Answer:
    """What is new in a text. Raises _Unlike."""
    if text is None or not (text.startswith(_HEAD) and text.endswith(_TAIL)):
        raise _Unlike
    records = count(text, _KEY) if question.first else 0
    if question.first and records != count(text, _BETWEEN) + 1:
        raise _Unlike  # a record begins otherwise, or something in one as a record does: a map of a caller's tags
    spelled = _sessions_in(text, question.wanted)
    found = [_checked(record) for record in _cut(text, (*question.wanted.needles, *spelled))]
    new = [record for record in found if not _holds_one(record, question.before)]
    return _Answer(0, 0, records, new, spelled)


def _sessions_in(text: bytes, wanted: Wanted) -> Set[_Needle]:
    """What to find in a text where sessions are wanted: the sessions in it, as it spells them."""
    if not wanted.by_session:
        return frozenset()
    return frozenset((_ROLE + rest, b"") for rest in set(_sessions(text)) if _is_wanted(rest, wanted))


def _is_wanted(rest: bytes, wanted: Wanted) -> bool:
    """Whether what follows `assumed-role` is a wanted session; where a backslash leaves that open, it is."""
    session = _session(rest.replace(rb"\/", b"/").decode(errors="replace"))
    return wanted.wants(session["role"], session["session"]) if session else b"\\" in rest


def _cut(text: bytes, needles: Sequence[_Needle]) -> Iterator[bytes]:
    """The records of a text that hold one of the needles, in order."""
    places = {name: find(text, name, 0) for name, _ in needles}
    while at := min((place for place in places.values() if place != -1), default=0):
        start = rfind(text, _START, 0, at)
        end = find(text, _NEXT, at)
        end = len(text) - len(_LIST_END) if end == -1 else end
        record = text[start:end]
        if _holds_one(record, needles):
            yield record
        for name, place in places.items():
            if -1 < place < end:
                places[name] = find(text, name, end)


def _checked(record: bytes) -> bytes:
    """The record, if it is JSON on one line. Raises _Unlike."""
    try:
        if not record.isascii():
            record.decode()
        _check(record)
    except (ValueError, RecursionError) as error:
        raise _Unlike from error
    if b"\n" in record or b"\r" in record:
        raise _Unlike
    return record


def _holds_one(record: bytes, needles: Sequence[_Needle]) -> bool:
    return any(name in record and beside in record for name, beside in needles)
