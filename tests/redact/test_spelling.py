"""What stands instead: of the same form, the same for the same, and another for another."""

from __future__ import annotations

import ipaddress

from hypothesis import given
from hypothesis import strategies as st

from tracer.redact import spelling
from tracer.redact.spelling import is_public

WORDS = st.sets(st.text("abcxyzäé", min_size=3, max_size=6), max_size=40)
IDS = st.sets(st.from_regex(r"[0-9a-fA-Fxyz]{6,10}", fullmatch=True), max_size=40)


@given(WORDS, WORDS)
def test_each_word_gets_another_of_its_length(found: set[str], taken: set[str]):
    instead = spelling.words(found, taken)
    assert instead.keys() == found
    assert len(set(instead.values())) == len(found)
    assert not set(instead.values()) & taken
    assert all(len(new) == len(old) and new.isascii() and new.islower() for old, new in instead.items())


@given(IDS)
def test_each_id_keeps_its_form(found: set[str]):
    instead = spelling.ids(found, frozenset())
    assert len(set(instead.values())) == len(found)
    for old, new in instead.items():
        assert [form(sign) for sign in new] == [form(sign) for sign in old]
        assert is_hex(new) or not is_hex(old)


def form(sign: str) -> tuple[bool, bool]:
    return sign.isdigit(), sign.isupper()


def is_hex(text: str) -> bool:
    return set(text.lower()) <= set("0123456789abcdef")


def test_where_a_form_has_no_more_the_rest_share_one():
    found = {f"a{digit}b{other}" for digit in range(10) for other in range(10)}
    assert len(set(spelling.ids(found, frozenset()).values())) == len(found)
    few = spelling.words({"aaa", "aab"}, {first + second + third for first in L for second in L for third in L})
    assert set(few.values()) == {"aaa"}


L = "abcdefghijklmnopqrstuvwxyz"


def test_accounts_are_ranked():
    assert spelling.accounts(["918273645012", "398147562031"]) == {
        "398147562031": "100000000001",
        "918273645012": "100000000002",
    }


def test_addresses_are_those_that_nobody_has():
    found = {str(ipaddress.ip_address("81.0.0.0") + number) for number in range(1_000)} | {"2a00:1450:4009:80b::200e"}
    instead = spelling.addresses(found)
    assert len(set(instead.values())) == len(found)
    assert not any(map(is_public, instead.values()))
    assert instead["2a00:1450:4009:80b::200e"].startswith("2001:db8::")


def test_upper_case_is_kept():
    assert spelling.cased("babo", "AcME") == "BaBO"
