"""Every shape that CloudTrail's records come in, plain and packed: the same records come out."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import record

from tracer.collect.scan import ENVELOPES
from tracer.collect.shapes import read_records
from tracer.model.record import Unreadable

RECORDS = [
    record("CreateRole", request={"roleName": "a", "policy": '{"Statement":[{"Sid":"}]"}]}'}),
    record("GetRole", request={"roleName": "ünï 漢字 \U0001f680", "tags": []}),
    record("ListRoles", response={"detail": {"message": "no", "CloudTrailEvent": "no"}, "Records": [1]}),
]


def dump(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


LINES = [dump(item) for item in RECORDS]
BYTES = [line.encode() for line in LINES]


def eventbridge(line: str) -> str:
    return f'{{"version":"0","detail-type":"AWS API Call via CloudTrail","resources":[],"detail":{line}}}'


def lookup_page(lines: list[str]) -> dict[str, object]:
    events = [{"EventId": "1", "ReadOnly": "true", "Resources": [], "CloudTrailEvent": line} for line in lines]
    return {"Events": events, "NextToken": "x"}


SHAPES = {
    "Records": f'{{"Records":[{",".join(LINES)}]}}',
    "Records, spaced": f'{{ "Records" : [ {" , ".join(LINES)} ] }}\n',
    "a list": f"[{','.join(LINES)}]",
    "lines": "\n".join(LINES),
    "lines of Windows": "\r\n".join(LINES) + "\r\n",
    "end to end": "".join(LINES),
    "files end to end": "".join(f'{{"Records":[{line}]}}' for line in LINES),
    "a lookup page": dump(lookup_page(LINES)),
    "a lookup page, pretty": json.dumps(lookup_page(LINES), indent=4),
    "lookup pages": "\n".join(dump(lookup_page([line])) for line in LINES),
    "a list of lookup pages": dump([lookup_page([line]) for line in LINES]),
    "looked-up events": "\n".join(dump(event) for event in lookup_page(LINES)["Events"]),
    "EventBridge": "\n".join(map(eventbridge, LINES)),
    "a list from EventBridge": f"[{','.join(map(eventbridge, LINES))}]",
    "CloudWatch Logs, exported": "".join(f"2026-11-24T08:00:00.000Z {line}\n" for line in LINES),
    "CloudWatch Logs, tailed": "".join(f"2026-11-24T08:00:00.0+00:00 1_CloudTrail_x_2 {line}\n" for line in LINES),
    "CloudWatch Logs, filtered": dump(
        {"searchedLogStreams": [], "events": [{"timestamp": 1, "message": line} for line in LINES]}
    ),
    "CloudWatch Logs, subscribed": dump(
        {"messageType": "DATA_MESSAGE", "logEvents": [{"id": "1", "message": line} for line in LINES]}
    ),
    "EventBridge to CloudWatch Logs": dump({"events": [{"message": eventbridge(line)} for line in LINES]}),
}

PACKINGS = {
    "plain": lambda text: text,
    "gzip": gzip.compress,
    "gzip of two members": lambda text: gzip.compress(text[: len(text) // 2]) + gzip.compress(text[len(text) // 2 :]),
    "gzip in gzip": lambda text: gzip.compress(gzip.compress(text)),
}


def read(content: bytes, size: int = 100) -> list[bytes | Unreadable]:
    return list(read_records((content[at : at + size] for at in range(0, len(content), size)), "file"))


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["no BOM", "BOM"])
@pytest.mark.parametrize("packing", PACKINGS.values(), ids=PACKINGS.keys())
@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES.keys())
def test_a_record_is_the_same_in_every_shape(shape: str, packing: Callable[[bytes], bytes], mark: bytes):
    assert read(packing(mark + shape.encode())) == BYTES


@pytest.mark.parametrize("packing", PACKINGS.values(), ids=PACKINGS.keys())
@pytest.mark.parametrize("indent", [0, 1, 4, "\t"])
@pytest.mark.parametrize(
    ("document", "expected"),
    [
        pytest.param({"Records": RECORDS}, RECORDS, id="Records"),
        pytest.param(RECORDS, RECORDS, id="a list"),
        pytest.param(RECORDS[0], RECORDS[:1], id="one record"),
        pytest.param({"id": "1", "detail": RECORDS[1]}, RECORDS[1:2], id="EventBridge"),
    ],
)
def test_a_pretty_printed_record_comes_out_on_one_line(
    document: object, expected: list[object], indent: int | str, packing: Callable[[bytes], bytes]
):
    lines = read(packing(json.dumps(document, indent=indent, ensure_ascii=False).encode()))
    assert [json.loads(line) for line in lines] == expected
    assert not any(b"\n" in line for line in lines)


def test_spaces_without_end_are_passed_over_at_once():
    """Not in the square of their number, which would take hours."""
    spaces = " " * 4_000_000
    text = f'{{"eventName":"a{spaces}b",\n "x":\t \n 1{spaces}}}'.encode()
    (line,) = read(text, len(text))
    assert line == f'{{"eventName":"a{spaces}b","x":1{spaces}}}'.encode()


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(b'{ "eventVersion" : "1.11",  "n" : 1.0e0, "n" : 2 }', id="spaces, numbers, a key twice"),
        pytest.param(b'{"eventName":"\\u00fc\\/","message":"{}"}', id="escapes, and a key that unpacks elsewhere"),
        pytest.param(b'{"some":"object"}', id="no record at all: that is for reduce to say"),
        pytest.param(b'{"CloudTrailEvent":null}', id="a looked-up event without its record"),
        pytest.param(b'{"message":}', id="an object that is not valid JSON"),
    ],
)
def test_an_object_on_one_line_is_not_changed(text: bytes):
    assert read(text) == [text]


@pytest.mark.parametrize(
    ("content", "records", "reason", "location"),
    [
        pytest.param(b"# Read me\n\n- one\n- two\n", [], "not JSON", "file: record 1", id="a text"),
        pytest.param(b"\x89PNG\r\n\0\0\0", [], "no text", "file", id="a picture"),
        pytest.param("\ufeff{}".encode("utf-16-le"), [], "UTF-16", "file", id="UTF-16, little-endian"),
        pytest.param("\ufeff{}".encode("utf-16-be"), [], "UTF-16", "file", id="UTF-16, big-endian"),
        pytest.param(
            b'{"Records":[%b,{"eventName":"\xff"}]}' % BYTES[0],
            BYTES[:1],
            "UTF-8",
            "file: record 2",
            id="invalid UTF-8",
        ),
        pytest.param(
            b'{"eventName":"\xed\xa0\x80"}\n' + BYTES[0],
            BYTES[:1],
            "UTF-8",
            "file: record 1",
            id="a surrogate in UTF-8",
        ),
        pytest.param(
            b'{"Records":[%b,%b' % (BYTES[0], BYTES[1][:-9]), BYTES[:1], "cut off", "file: record 2", id="cut off"
        ),
        pytest.param(b'{"Records":[7,%b]}' % BYTES[0], BYTES[:1], "no object", "file: record 1", id="no object"),
        pytest.param(b'{"Events":[{"CloudTrailEvent":""}]}', [], "empty", "file: record 1", id="an empty string"),
        pytest.param(b'{"events":[{"message":"hello"}]}', [], "not JSON", "file: record 1", id="another log"),
        pytest.param(b'{"CloudTrailEvent":"{\\"a\\":\\"\\ud800\\"}"}', [], "UTF-8", "file: record 1", id="a surrogate"),
    ],
)
def test_what_cannot_be_read_is_told_and_the_rest_is_read(
    content: bytes, records: list[bytes], reason: str, location: str
):
    items = read(content)
    assert [item for item in items if isinstance(item, bytes)] == records
    (unreadable,) = [item for item in items if isinstance(item, Unreadable)]
    assert reason in unreadable.reason
    assert unreadable.location == location


def test_strings_in_strings_come_to_an_end():
    text = "{}"
    for _ in range(6):
        text = dump({"message": text})
    (item,) = read(text.encode())
    assert isinstance(item, Unreadable)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
names = st.text().filter(lambda name: name.encode() not in dict(ENVELOPES))
"""What holds records holds no fields beside them: a record has no such key."""
records = st.dictionaries(names, json_values, max_size=4).map(lambda fields: {"eventName": "x", **fields})
wraps = st.sampled_from(
    [
        lambda lines: f'{{"Records":[{",".join(lines)}]}}',
        lambda lines: f"[{','.join(lines)}]",
        "\n".join,
        "".join,
        lambda lines: json.dumps(lookup_page(lines)),
        lambda lines: dump(lookup_page(lines)),
        lambda lines: "\n".join(map(eventbridge, lines)),
        lambda lines: "".join(f"2026-11-24T08:00:00.000Z {line}\n" for line in lines),
        lambda lines: dump({"logEvents": [{"message": eventbridge(line)} for line in lines]}),
    ]
)


@given(
    content=st.lists(records, max_size=4),
    wrap=wraps,
    size=st.integers(1, 64),
    zipped=st.booleans(),
    ascii_only=st.booleans(),
)
def test_what_goes_into_a_shape_comes_out(
    content: list[dict[str, object]], wrap: Callable[[list[str]], str], size: int, zipped: bool, ascii_only: bool
):
    lines = [json.dumps(item, ensure_ascii=ascii_only) for item in content]
    text = wrap(lines).encode()
    assert read(gzip.compress(text) if zipped else text, size) == [line.encode() for line in lines]
