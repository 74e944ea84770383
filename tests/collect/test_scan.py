"""What is cut out of a text, at any chunk size; what damage costs; and that memory stays bounded."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracer.collect import scan as scan_module
from tracer.collect.scan import DEPTH, LIMIT, Spoilt, scan

GOOD = b'{"eventVersion":"1.11","eventName":"A"}'
ALSO = b'{"eventVersion":"1.11","eventName":"B","x":[{"y":"}]"},[]]}'


def cut(text: bytes, size: int = 1 << 20) -> list[bytes | None]:
    """What `scan` gives for `text` in chunks of `size`: objects, and None for each Spoilt."""
    chunks = [text[at : at + size] for at in range(0, len(text), size)]
    return [None if isinstance(item, Spoilt) else item for item in scan(chunks)]


@pytest.mark.parametrize("size", [1, 2, 7, 1 << 20])
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(b"", [], id="nothing"),
        pytest.param(b" \r\n\t", [], id="white space"),
        pytest.param(b"{}", [b"{}"], id="an empty object"),
        pytest.param(b"[]", [], id="an empty list"),
        pytest.param(GOOD, [GOOD], id="one object"),
        pytest.param(GOOD + ALSO, [GOOD, ALSO], id="end to end"),
        pytest.param(GOOD + b"\r\n" + ALSO + b"\r\n", [GOOD, ALSO], id="lines"),
        pytest.param(b"[" + GOOD + b" , " + ALSO + b"]", [GOOD, ALSO], id="a list"),
        pytest.param(b'{"Records":[' + GOOD + b"," + ALSO + b"]}", [GOOD, ALSO], id="Records"),
        pytest.param(b'{ "Records" :\n [ ' + GOOD + b" ] }", [GOOD], id="Records, spaced"),
        pytest.param(b'{"Records":[]}', [], id="no Records"),
        pytest.param(b'{"a":{"b":[1]},"Records":[' + GOOD + b'],"c":{}}', [GOOD], id="Records between others"),
        pytest.param(b'{"Events":[' + GOOD + b'],"Records":[' + ALSO + b"]}", [GOOD, ALSO], id="two lists"),
        pytest.param(b'[{"Records":[' + GOOD + b']},{"Records":[' + ALSO + b"]}]", [GOOD, ALSO], id="a list of files"),
        pytest.param(b'{"version":"0","detail":' + ALSO + b',"x":[{}]}', [ALSO], id="detail"),
        pytest.param(b'{"detail":[1]}', [b'{"detail":[1]}'], id="a detail that is no object"),
        pytest.param(b'{"Records":{"a":1}}', [b'{"Records":{"a":1}}'], id="Records that are no list"),
        pytest.param(b'{"x":{"Records":[{}]}}', [b'{"x":{"Records":[{}]}}'], id="Records further in"),
        pytest.param(b'{"x\\"Records":[{}]}', [b'{"x\\"Records":[{}]}'], id="a key that ends in Records"),
        pytest.param(b'{"Records":[{"Records":[1]}]}', [b'{"Records":[1]}'], id="Records in a record"),
        pytest.param(b'{"a":"\\\\","b":"\\""}', [b'{"a":"\\\\","b":"\\""}'], id="escapes"),
        pytest.param(b'{"a":"{[\\"}","b":-1.5e+3}', [b'{"a":"{[\\"}","b":-1.5e+3}'], id="brackets in strings"),
        pytest.param(b"\xef\xbb\xbf" + GOOD + b"\xef\xbb\xbf" + ALSO, [GOOD, ALSO], id="byte order marks"),
        pytest.param(b'[1,"x",null,-2.5,[{}],' + GOOD + b"]", [None] * 5 + [GOOD], id="elements that are no objects"),
        pytest.param(b"2026-11-24T08:00:00.000Z " + GOOD + b"\n", [GOOD], id="a log's time"),
        pytest.param(
            b"2026-11-24T08:00:00+00:00 o-1_CloudTrail_us-east-1 " + GOOD, [GOOD], id="a log's time and stream"
        ),
    ],
)
def test_objects_are_cut_out(text: bytes, expected: list[bytes | None], size: int):
    assert cut(text, size) == expected


@pytest.mark.parametrize("size", [1, 3, 1 << 20])
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(b"# Read me\n\nThis is [no](log).\n", [None], id="a text"),
        pytest.param(b"a,b\n1,2\n3,4\n", [None], id="a table"),
        pytest.param(b'"a string"', [None], id="a string"),
        pytest.param(b'["unclosed', [None], id="a string that is cut off"),
        pytest.param(GOOD[:-5], [None], id="cut off"),
        pytest.param(b'{"Records":[' + GOOD, [GOOD, None], id="a list that is cut off"),
        pytest.param(b'{"Records":[' + GOOD + b"," + ALSO[:-5], [GOOD, None], id="cut off in the last record"),
        pytest.param(b'{"a":\x00}\n' + GOOD, [None, GOOD], id="a byte that JSON does not know"),
        pytest.param(b'{"a":"x\ny"}\n' + GOOD, [None, GOOD], id="a line's end in a string"),
        pytest.param(b'{"a":]}\n' + GOOD, [None, GOOD], id="a bracket that does not fit"),
        pytest.param(b'{"a":"x\n{"b":1}\n' + GOOD, [None, b'{"b":1}', GOOD], id="a line cut off in a string"),
        pytest.param(b'{"a":1,\n' + GOOD + b"\n" + ALSO, [None, GOOD, ALSO], id="a line cut off behind a comma"),
        pytest.param(b'{"a":\n' + GOOD + b"\n" + ALSO, [None, GOOD, ALSO], id="a line cut off behind a colon"),
        pytest.param(b'{"a":[\n' + GOOD + b"\n" + ALSO, [None, GOOD, ALSO], id="a line cut off behind a bracket"),
        pytest.param(b'{"a":\n' + GOOD, [None, GOOD], id="the line before the last is cut off"),
        pytest.param(b'{"a":1,\n{"b":1,\n' + GOOD, [None, None, GOOD], id="two lines cut off"),
        pytest.param(b"no\nlog\n" + GOOD + b"\nnor\nthis\n", [None, GOOD, None], id="text around"),
        pytest.param(
            b'{"Records":[{"eventVersion":"1","b":{"c' + b'{"Records":[' + GOOD + b"," + ALSO + b"]}",
            [None, GOOD, ALSO],
            id="a file cut off, another one behind it",
        ),
        pytest.param(b'{"Records":[{"a":@},' + GOOD + b"," + ALSO + b"]}", [None, GOOD, ALSO], id="a spoilt element"),
    ],
)
def test_damage_costs_no_more_than_what_it_spoils(text: bytes, expected: list[bytes | None], size: int):
    assert cut(text, size) == expected


def test_an_object_that_is_too_long_is_passed_over_and_counted(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(scan_module, "LIMIT", 1000)
    long_string = b'{"a":"' + b"x\\\\" * 2000 + b'","b":[{}]}'
    long_list = b'{"a":[' + b'{"b":"\\""}, ' * 2000 + b"1]}"
    text = b'{"Records":[' + b",".join([GOOD, long_string, ALSO, long_list, GOOD]) + b"]}"
    for size in (1, 100, 999):
        assert cut(text, size) == [GOOD, None, ALSO, None, GOOD]


def test_nesting_is_followed_to_its_limit():
    deep = b'{"a":' * (DEPTH - 1) + b"{}" + b"}" * (DEPTH - 1)
    deeper = b'{"a":' + deep + b"}"
    assert cut(deep) == [deep]
    assert cut(deeper + b"\n" + GOOD) == [None, GOOD]
    assert cut(b"[" * 100_000 + b"\n" + GOOD) == [None, GOOD]
    assert cut(b'{"detail":' * 10_000 + b"\n" + GOOD) == [None, GOOD]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=12,
)
names_of_envelopes = st.sampled_from([key.decode() for key, _ in scan_module.ENVELOPES])
records = st.dictionaries(st.text() | names_of_envelopes, json_values, max_size=5)


@given(
    content=st.lists(records, max_size=5),
    size=st.integers(1, 50),
    ascii_only=st.booleans(),
    indent=st.sampled_from([None, 0, 1, 4]),
)
def test_what_was_written_in_a_file_of_a_trail_is_what_comes_out(
    content: list[dict[str, object]], size: int, ascii_only: bool, indent: int | None
):
    text = json.dumps({"Records": content}, ensure_ascii=ascii_only, indent=indent).encode()
    assert [json.loads(item) for item in cut(text, size)] == content


@given(
    text=st.binary(max_size=60) | st.text('{}[]",:\\n 1aRecords', max_size=60).map(str.encode), size=st.integers(1, 9)
)
def test_any_text_comes_to_an_end_and_the_chunks_do_not_matter(text: bytes, size: int):
    assert cut(text, size) == cut(text)


def peak_memory(chunks: Iterator[bytes]) -> int:
    """The most memory that scanning `chunks` held at once; what comes out is not kept."""
    tracemalloc.start()
    for _ in scan(chunks):
        pass
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


MIB = 1024 * 1024


def test_memory_does_not_grow_with_a_log_of_one_line():
    record = b'{"eventVersion":"1.11","requestParameters":{"text":"%b"}}' % (b"{" * 8000)
    block = b",".join([record] * (MIB // len(record)))

    def one_line() -> Iterator[bytes]:
        yield b'{"Records":['
        for _ in range(64):
            yield block + b","
        yield record + b"]}"

    assert peak_memory(one_line()) < 8 * MIB


@pytest.mark.parametrize(
    ("start", "more"),
    [
        pytest.param(b'{"a":"', b"x" * MIB, id="a string"),
        pytest.param(b'{"a":[', b"1," * (MIB // 2), id="numbers"),
        pytest.param(b'{"a":[', b'"",' * (MIB // 3), id="strings"),
        pytest.param(b'{"a":', b" " * MIB, id="white space"),
        pytest.param(b"[", b"1" * MIB, id="a number"),
        pytest.param(b"", b" " * MIB, id="white space alone"),
        pytest.param(b"", b"x" * MIB, id="text"),
    ],
)
def test_memory_is_bounded_where_a_value_never_ends(start: bytes, more: bytes):
    def endless() -> Iterator[bytes]:
        yield start
        for _ in range(3 * LIMIT // MIB):
            yield more

    assert peak_memory(endless()) < 3 * LIMIT


@pytest.mark.parametrize("size", [1, 14, 15, 1000])
def test_a_record_is_known_by_its_beginning_however_it_comes(size: int):
    """Also where a chunk ends within it: what stands in a record under the key of an envelope stays there."""
    text = b'{"eventVersion":"1.11","detail":{"a":1}}'
    assert list(scan(text[at : at + size] for at in range(0, len(text), size))) == [text]
