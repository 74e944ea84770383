"""gzip by content, and damage: what stands before it is given out."""

from __future__ import annotations

import gzip
import random
import sys
import zlib

import pytest

from tracer.collect import inflate
from tracer.collect.inflate import CHUNK, Damaged, text_of

# Text that does not pack well, so that damage in the middle has something before and behind it.
TEXT = bytes(random.Random(7).choices(b"abcdefghij klmnop\n", k=200_000))  # noqa: S311 - not for secrets
ZIPPED = gzip.compress(TEXT)


def unpack(content: bytes, size: int = 5_000) -> tuple[bytes, str | None]:
    """The text, and what is said of the damage."""
    text = bytearray()
    try:
        for chunk in text_of(content[at : at + size] for at in range(0, len(content), size)):
            text += chunk
    except Damaged as damage:
        return bytes(text), str(damage)
    return bytes(text), None


@pytest.mark.parametrize(
    ("content", "text"),
    [
        pytest.param(b"", b"", id="nothing"),
        pytest.param(gzip.compress(b""), b"", id="nothing, packed"),
        pytest.param(TEXT, TEXT, id="plain"),
        pytest.param(ZIPPED, TEXT, id="gzip"),
        pytest.param(ZIPPED + ZIPPED, TEXT + TEXT, id="two members"),
        pytest.param(ZIPPED + bytes(512), TEXT, id="filled up with zeros"),
        pytest.param(ZIPPED + bytes(512) + ZIPPED, TEXT + TEXT, id="zeros between members"),
        pytest.param(gzip.compress(ZIPPED), TEXT, id="gzip in gzip"),
    ],
)
@pytest.mark.parametrize("size", [3, 5_000, 1 << 20])
def test_text_is_unpacked(content: bytes, text: bytes, size: int):
    assert unpack(content, size) == (text, None)


@pytest.mark.parametrize("size", [3, 5_000, 1 << 20])
def test_what_stands_before_damage_is_given_out(size: int):
    text, damage = unpack(ZIPPED[: len(ZIPPED) // 2], size)
    assert damage == "the gzip data is cut off"
    assert TEXT.startswith(text)
    assert len(text) > len(TEXT) // 3

    text, damage = unpack(ZIPPED[:-8] + b"\0" + ZIPPED[-7:], size)
    assert damage
    assert "corrupt" in damage
    assert text == TEXT

    text, damage = unpack(ZIPPED + b"more", size)
    assert damage
    assert "corrupt" in damage
    assert text == TEXT


def test_a_small_file_that_holds_very_much_is_given_out_in_pieces():
    bomb = zlib.compressobj(9, wbits=31)
    content = b"".join(bomb.compress(bytes([32]) * CHUNK) for _ in range(64)) + bomb.flush()
    assert len(content) < CHUNK // 8
    assert max(len(chunk) for chunk in text_of([content])) <= CHUNK


def test_what_is_no_text_is_told():
    assert unpack(b"PK\x03\x04\x14\0\0\0") == (b"", "this is no text")
    assert unpack("x".encode("utf-16"))[0] == b""
    assert "UTF-16" in (unpack("x".encode("utf-16"))[1] or "")


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (gzip.compress(b"text"), b"text"),
        (b"text", b"text"),
        (gzip.compress(b"x" * 11), None),
        (b"x" * 11, None),
        (gzip.compress(b"text") * 2, None),
        (gzip.compress(b"text")[:-9], None),
        (gzip.compress(b"text")[:12] + b"\xff\xff\xff\xff", None),
        (gzip.compress(b"0" * 10_000_000), None),
    ],
    ids=["gzip", "plain", "too long", "plain, too long", "two members", "cut off", "corrupt", "a bomb"],
)
@pytest.mark.parametrize("library", ["isal", "zlib"])
def test_a_whole_text_is_one_sound_member_of_bounded_length(
    data: bytes, text: bytes | None, library: str, monkeypatch: pytest.MonkeyPatch
):
    if library == "zlib":
        monkeypatch.setitem(sys.modules, "isal", None)
    inflate._fastest.cache_clear()
    try:
        assert inflate.whole_text(data, 10) == text
    finally:
        inflate._fastest.cache_clear()
