"""JSON text is readable, and can always be encoded."""

from __future__ import annotations

import json

import pytest

from tracer.model.jsontext import json_text


@pytest.mark.parametrize("text", ["plain", "Straße", "日本", "\u2028", "\x1b[31m", "🚀", "\ud800", "a\udfffb"])
def test_any_text_can_be_encoded_and_read_again(text: str):
    written = json_text({text: [text]})
    assert json.loads(written.encode("utf-8")) == {text: [text]}


def test_letters_are_written_as_they_are():
    assert json_text(["ä", "\ud800"]) == '["ä","\\ud800"]'


def test_indented_and_compact():
    assert json_text({"a": [1, None]}) == '{"a":[1,null]}'
    assert json_text({"a": 1}, indent=2) == '{\n  "a": 1\n}'
