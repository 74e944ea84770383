import pytest

from tracer.report.failure import failure
from tracer.report.plain import plain


@pytest.mark.parametrize(
    ("message", "hint", "text"),
    [
        ("it broke", "mend it", "Error: it broke\nHint: mend it\n"),
        ("it broke", "", "Error: it broke\n"),
        ("these appear:\n  one\n  two", "", "Error: these appear:\n  one\n  two\n"),
        ("\x1b[2Jgone", "", "Error: \\x1b[2Jgone\n"),
    ],
)
def test_an_error_is_led_by_its_name(message: str, hint: str, text: str):
    assert plain(failure(message, hint)) == text
