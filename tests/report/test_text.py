import pytest

from tracer.report.text import counted, printable, printable_lines


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("arn:aws:iam::123456789012:user/é", "arn:aws:iam::123456789012:user/é", id="plain"),
        pytest.param("\x1b[2Jgone", "\\x1b[2Jgone", id="escape-sequence"),
        pytest.param("\x9b31m", "\\x9b31m", id="c1-control"),
        pytest.param("a\rb\nc\td", "a\\rb\\nc\\td", id="line-breaks-and-tabs"),
        pytest.param("\x07\x7f\x00", "\\x07\\x7f\\x00", id="bell-delete-null"),
        pytest.param("user\u202egpj.exe", "user\\u202egpj.exe", id="right-to-left-override"),
        pytest.param("a\u2028b\u200bc", "a\\u2028b\\u200bc", id="line-separator-zero-width"),
        pytest.param("\ud800x", "\\ud800x", id="lone-surrogate"),
        pytest.param("\U000e0041", "\\U000e0041", id="tag-character"),
        pytest.param("\U0010ffff-\ue000", "\U0010ffff-\\ue000", id="private-use"),
    ],
)
def test_printable(text: str, shown: str):
    assert printable(text) == shown


def test_lines_of_our_own_stay_lines():
    assert printable_lines("one\n\x1btwo\r\n") == "one\n\\x1btwo\\r\n"


@pytest.mark.parametrize(
    ("number", "noun", "plural", "text"),
    [(1, "record", None, "1 record"), (0, "record", None, "0 records"), (2304, "policy", "policies", "2,304 policies")],
)
def test_counted(number: int, noun: str, plural: str | None, text: str):
    assert counted(number, noun, plural) == text
