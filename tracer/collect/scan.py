"""Cuts JSON objects out of a stream of bytes, one after another, without ever holding the stream.

What comes in: chunks of text that holds JSON documents, in whatever way they follow each other: one document, a list,
a line each, or just end to end, pretty-printed or not. What goes out: the bytes of each object that may be a record, as
they stand in the text, or a `Spoilt` for what cannot be cut.

CloudTrail, EventBridge and CloudWatch Logs wrap records in a list or an object (`ENVELOPES`). A log file is one line
that may be a gigabyte long, so a wrapper is opened where it is met and its elements come out as objects of their own.
What an object *is* stays open here: `tracer.collect.shapes` unpacks strings, and reduce judges records.

Why not `json`: it wants the whole document, and gives objects where `tracer collect` must give the bytes. So the text
is not parsed but passed over: one regular expression runs over strings, numbers and commas up to the next bracket, and
only brackets are looked at in Python. What stands between brackets is checked no further than that search needs; an
object that is cut may still be invalid JSON.

The text is hostile. An object longer than `LIMIT` is passed over without being kept, one nested deeper than `DEPTH` is
spoilt, and behind damage reading goes on at the next place that looks like the start of a record.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

LIMIT: Final = 16 * 1024 * 1024
"""The longest object that is kept, in bytes. CloudTrail's own events are at most 256 KB, some data stores' 1 MB:
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/WhatIsCloudTrail-Limits.html."""

DEPTH: Final = 128
"""The deepest nesting of brackets that is followed. It bounds how often damaged text is read again."""

ENVELOPES: Final[tuple[tuple[bytes, bytes], ...]] = (
    (b"Records", b"["),  # a trail's log file
    (b"Events", b"["),  # a page of LookupEvents
    (b"events", b"["),  # a page of CloudWatch Logs' FilterLogEvents and GetLogEvents
    (b"logEvents", b"["),  # a batch of a CloudWatch Logs subscription
    (b"detail", b"{"),  # an EventBridge event
)
"""Keys of an outermost object, with the bracket behind them, that hold records. No record has such a key itself:
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html."""

_SPACE: Final = b" \t\r\n"
_QUOTE, _OBJECT, _LIST, _LIST_END = b'"{[]'
_CLOSER: Final = 2
"""From an opening bracket's code to its closing one's, for both kinds."""
_MAY_STAND_BEFORE: Final = {b"}"[0]: b":", b"]"[0]: b",["}
"""By the bracket that closes what we are in: what stands before an opening bracket there."""
_BEHIND: Final = 160
"""How much text behind the cursor is kept where the value's own bytes are not: enough for an envelope's key."""

_IN_STRING: Final = rb'[^"\\\x00-\x1f]*+(?:\\[^\x00-\x1f][^"\\\x00-\x1f]*+)*+'
_BETWEEN_STRINGS: Final = rb"[ \t\r\n,:0-9+\-.Etruefalsn]*+"
_to_bracket = re.compile(rb'%b(?:"%b"%b)*+' % (_BETWEEN_STRINGS, _IN_STRING, _BETWEEN_STRINGS)).match
_unclosed_string = re.compile(rb'"%b(\\?)' % _IN_STRING).match
_scalar = re.compile(rb'"%b"|[0-9+\-.Etruefalsn]++' % _IN_STRING).match

_between_elements = re.compile(rb"[ \t\r\n,]*+").match
_between_documents = re.compile(rb"(?:[ \t\r\n,\]}]|\xef\xbb\xbf)*+").match
"""Also passes byte order marks of files put together, and the ends of lists whose start was spoilt."""
_BETWEEN_DOCUMENTS_MIN: Final = 3

_STAMP: Final = rb"\d{4}-\d\d-\d\dT[0-9:.]{8,18}(?:Z|[+-]\d\d:?\d\d)"
_log_prefix = re.compile(rb"%b[ \t]++(?:[^\s{\"]{1,512}[ \t]++)?(?=\{)" % _STAMP).match
"""What an export of CloudWatch Logs and `aws logs tail` write before an event: its time, and the stream's name."""
_LOG_PREFIX_MAX: Final = 640

_envelope = re.compile(
    rb'[{,\s]"(?:%b)\Z' % b"|".join(rb'%b"\s{0,64}:\s{0,64}\%b' % (key, bracket) for key, bracket in ENVELOPES)
).search
_RECORD_START: Final = b'{"eventVersion"'
"""How CloudTrail begins a record: such an object is not asked whether it is an envelope."""

_restart = re.compile(
    rb'\n(?=\{|%b)|(?=\{\s{0,64}"(?:eventVersion|additionalEventData|awsRegion|EventId)")' % _STAMP
).search
"""Where reading goes on behind damage: a line that begins with an object or a log's time; an object with the first key
of a record as CloudTrail writes it, of one with sorted keys, or of a looked-up event."""
_RESTART_MAX: Final = 128

_ENDS_EARLY: Final = "the text ends inside a JSON value: it was cut off"


@dataclass(frozen=True, slots=True)
class Spoilt:
    """A value, or a stretch of text, that could not be cut out."""

    reason: str


class _Malformed(Exception):
    """The text at the cursor is not JSON; the message says why."""


def scan(chunks: Iterable[bytes]) -> Iterator[bytes | Spoilt]:
    """Each object in the text that `chunks` make up, in order. The sizes of the chunks make no difference.

    Objects are the documents themselves, the elements of a document that is a list, and what the envelopes among them
    hold. Memory is O(LIMIT + the longest chunk).
    """
    return _Scanner(chunks).documents()


class _Scanner:
    """A window on the text. `_start` is where the value that is being read begins; None where it is not kept."""

    __slots__ = ("_at", "_chunks", "_data", "_start")

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = (chunk for chunk in chunks if chunk)
        self._data = b""
        self._at = 0
        self._start: int | None = None

    def documents(self) -> Iterator[bytes | Spoilt]:
        """The objects of the whole text."""
        while self._to_document():
            self._start = None
            try:
                yield from self._document()
            except _Malformed as error:
                yield Spoilt(str(error))
                self._to_restart()

    def _document(self) -> Iterator[bytes | Spoilt]:
        byte = self._data[self._at]
        if byte == _OBJECT:
            yield from self._object(may_wrap=True)
        elif byte == _LIST:
            self._at += 1
            yield from self._elements(may_wrap=True)
        else:
            raise _Malformed("this is not JSON")

    def _object(self, *, may_wrap: bool) -> Iterator[bytes | Spoilt]:
        """The object at the cursor, or what it wraps."""
        if may_wrap:
            self._look_ahead(len(_RECORD_START))
            may_wrap = not self._data.startswith(_RECORD_START, self._at)
        wraps = False
        open_brackets = self._enter()
        while bracket := self._to_end_or_envelope(open_brackets, may_wrap=may_wrap):
            wraps = True
            if bracket == _LIST:
                yield from self._elements(may_wrap=False)
            else:
                self._at -= 1
                yield from self._object(may_wrap=False)
            self._start = None
        if self._start is not None:
            yield self._data[self._start : self._at]
        elif not wraps:
            yield Spoilt(f"it is longer than {LIMIT // 1024**2} MiB")

    def _elements(self, *, may_wrap: bool) -> Iterator[bytes | Spoilt]:
        """Each element of the list whose bracket was passed last, and its end."""
        while True:
            self._start = None
            self._at = _between_elements(self._data, self._at).end()  # type: ignore[union-attr]
            if self._at == len(self._data):
                if not self._read():
                    raise _Malformed(_ENDS_EARLY)
                continue
            byte = self._data[self._at]
            if byte == _LIST_END:
                self._at += 1
                return
            if byte == _OBJECT:
                yield from self._object(may_wrap=may_wrap)
                continue
            if byte == _LIST:
                self._to_end_or_envelope(self._enter(), may_wrap=False)
            else:
                self._pass_scalar()
            yield Spoilt("it is a JSON value and no object")

    def _enter(self) -> bytearray:
        """Passes the opening bracket at the cursor: the value begins. Gives the brackets that will close it."""
        self._start = self._at
        self._at += 1
        return bytearray((self._data[self._start] + _CLOSER,))

    def _to_end_or_envelope(self, open_brackets: bytearray, *, may_wrap: bool) -> int:
        """Moves behind the bracket that closes the value, or that opens what the value wraps.

        Args:
            open_brackets: the closing brackets that are awaited, the innermost last; popped and pushed here.
            may_wrap: whether to stop at what the outermost object wraps.

        Returns:
            The bracket that opens what is wrapped, or 0 at the value's end.

        Raises:
            _Malformed: the brackets do not fit, or what is between them is not JSON.
        """
        # The one hot loop of the module: locals, one regular expression a bracket, no calls in the common case.
        data, at = self._data, self._at
        while True:
            at = _to_bracket(data, at).end()  # type: ignore[union-attr]
            if at == len(data) or data[at] == _QUOTE:
                at = self._read_inside(at)
                data = self._data
                continue
            byte = data[at]
            at += 1
            if byte == open_brackets[-1]:
                open_brackets.pop()
                if not open_brackets:
                    self._at = at
                    return 0
            elif byte in b"{[" and self._may_open(at, open_brackets[-1]):
                self._at = at
                if may_wrap and len(open_brackets) == 1 and _envelope(data, max(0, at - _BEHIND), at):
                    return byte
                open_brackets.append(byte + _CLOSER)
                if len(open_brackets) > DEPTH:
                    self._start = None  # no cut-off record goes this deep, so nothing is to be found behind its start
                    raise _Malformed(f"it is nested more than {DEPTH} deep")
            else:
                self._at = at - 1
                raise _Malformed("it is not valid JSON")

    def _may_open(self, at: int, closer: int) -> bool:
        """Whether the bracket before `at` stands where a value may: so that a cut-off record swallows no other one."""
        before = at - 2
        while before > 0 and self._data[before] in _SPACE:
            before -= 1
        return self._data[before] in _MAY_STAND_BEFORE[closer]

    def _read_inside(self, at: int) -> int:
        """Reads on inside a value, `at` being the data's end or a string that is not closed; gives the new `at`."""
        self._at = at
        data = self._data
        unclosed = _unclosed_string(data, at)
        if unclosed and unclosed.end() != len(data):
            raise _Malformed("a string holds a raw control character, or is cut off by the line's end")
        if self._start is not None and len(data) - self._start <= LIMIT:
            keep, self._start = self._start, 0
        else:
            # The value is not kept, only what its rest is understood by: the last key, and that a string is open.
            behind = data[:at].rstrip(_SPACE)[-_BEHIND:]
            string = b'"' + unclosed[1] if unclosed and len(data) - at > _BEHIND else data[at:]
            self._data, self._at, keep, self._start = behind + string, len(behind), 0, None
        if not self._read(keep):
            raise _Malformed(_ENDS_EARLY)
        return self._at

    def _pass_scalar(self) -> None:
        """Moves behind the string, number or literal at the cursor."""
        self._start = self._at
        while True:
            found = _scalar(self._data, self._at)
            if found and found.end() < len(self._data):
                self._at = found.end()
                return
            unclosed = found or _unclosed_string(self._data, self._at)
            if not unclosed or unclosed.end() < len(self._data) or len(self._data) > LIMIT:
                raise _Malformed("it is not valid JSON")
            if not self._read():
                raise _Malformed(_ENDS_EARLY)
            self._start = 0

    def _to_document(self) -> bool:
        """Moves to the next document; False at the end of the text."""
        while True:
            self._look_ahead(_BETWEEN_DOCUMENTS_MIN)
            at = self._at
            self._at = _between_documents(self._data, at).end()  # type: ignore[union-attr]
            if self._at == at:
                break
        if self._at < len(self._data) and self._data[self._at] not in b"{[":
            self._look_ahead(_LOG_PREFIX_MAX)
            if prefix := _log_prefix(self._data, self._at):
                self._at = prefix.end()
        return self._at < len(self._data)

    def _to_restart(self) -> None:
        """Moves behind damage, from the second byte of the spoilt value; from the cursor where that is not kept."""
        if self._start is not None:
            self._at = self._start + 1
        while not (found := _restart(self._data, self._at)):
            self._at = max(self._at, len(self._data) - _RESTART_MAX)
            if not self._read():
                self._at = len(self._data)
                return
        self._at = found.end()

    def _look_ahead(self, count: int) -> None:
        """Reads until `count` bytes stand behind the cursor, or the text ends."""
        while len(self._data) - self._at < count and self._read():
            pass

    def _read(self, keep: int | None = None) -> bool:
        """Adds a chunk and forgets what stands before `keep`, else before the cursor; False at the end of the text."""
        keep = self._at if keep is None else keep
        chunk = next(self._chunks, b"")
        self._data = self._data[keep:] + chunk
        self._at -= keep
        return bool(chunk)
