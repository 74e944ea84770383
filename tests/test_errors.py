import pytest

from tracer.errors import LISTED, listed


@pytest.mark.parametrize(
    ("number", "last"),
    [(1, "  0"), (LISTED, f"  {LISTED - 1}"), (LISTED + 1, "  and 1 more"), (LISTED + 2000, "  and 2,000 more")],
)
def test_a_list_in_a_message_is_cut_with_a_count(number: int, last: str):
    lines = listed(str(item) for item in range(number)).splitlines()
    assert lines[0] == ""
    assert lines[-1] == last
    assert len(lines) <= LISTED + 2


def test_an_empty_list_is_nothing():
    assert listed([]) == ""
