"""What stands instead: other accounts, addresses, words and ids, each made of its rank among those that are replaced.

No secret is needed, the same documents always give the same, and nothing can be computed back, as it could from a hash
of twelve digits. A word or an id keeps its form, which is what tracer tells names and generated ids by.
"""

from __future__ import annotations

import ipaddress
import itertools
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Set
from typing import Final

_FIRST_ACCOUNT: Final = 100000000001

_DOCUMENTATION: Final = tuple(map(ipaddress.ip_network, ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24")))
_BENCHMARKS: Final = ipaddress.ip_network("198.18.0.0/15")
_DOCUMENTATION_6: Final = ipaddress.ip_network("2001:db8::/32")
"""RFC 5737, RFC 2544 and RFC 3849."""

_CONSONANTS: Final = "bcdfghjklmnpqrstvwxz"
_VOWELS: Final = "aeiou"
_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz"
_DIGITS: Final = "0123456789"
_SHORT: Final = 4
"""Words of so many letters need the whole alphabet to go round; longer ones can be spoken."""


def accounts(found: Iterable[str]) -> Mapping[str, str]:
    """Another account for each."""
    return {account: str(_FIRST_ACCOUNT + rank) for rank, account in enumerate(sorted(found))}


def addresses(found: Iterable[str]) -> Mapping[str, str]:
    """Another address for each: of those that are reserved for documentation, or for benchmarks where they run out."""
    return {address: _address(rank, address) for rank, address in enumerate(sorted(found))}


def words(found: Iterable[str], taken: Set[str]) -> Mapping[str, str]:
    """Another word for each, all in lower case, and none of those that are `taken`."""
    return _assigned(found, taken, _word)


def ids(found: Iterable[str], taken: Set[str]) -> Mapping[str, str]:
    """Another id for each."""
    return _assigned(found, taken, _id)


def cased(word: str, like: str) -> str:
    """A word in upper and lower case like another of its length."""
    return "".join(sign.upper() if old.isupper() else sign for sign, old in zip(word, like, strict=True))


def is_address(text: str | None) -> bool:
    """Whether a text is an IP address."""
    return _parsed(text) is not None


def is_public(text: str | None) -> bool:
    """Whether it is an address, and somebody's."""
    address, reserved = _parsed(text), (*_DOCUMENTATION, _BENCHMARKS, _DOCUMENTATION_6)
    return address is not None and address.is_global and not any(address in network for network in reserved)


def _parsed(text: str | None) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text) if text else None
    except ValueError:
        return None


def _assigned(found: Iterable[str], taken: Set[str], spell: Callable[[int, str], str]) -> Mapping[str, str]:
    """The first free spelling for each, in the order of their ranks, form by form.

    Where a form has no more, which takes a hundred thousand names of a length, the rest share one: what comes out is
    less useful then, and never less safe.
    """
    ranks: defaultdict[str, itertools.count[int]] = defaultdict(itertools.count)
    instead: dict[str, str] = {}
    used: set[str] = set()
    for text in sorted(found):
        form = spell(0, text)
        tries = (spell(next(ranks[form]), text) for _ in range(len(taken) + len(used) + 1))
        instead[text] = next((word for word in tries if word not in taken and word not in used), form)
        used.add(instead[text])
    return instead


def _address(rank: int, address: str) -> str:
    if ":" in address:
        return str(_DOCUMENTATION_6[rank + 1])
    hosts = [network.num_addresses - 2 for network in _DOCUMENTATION]
    for network, size in zip(_DOCUMENTATION, hosts, strict=True):
        if rank < size:
            return str(network[rank + 1])
        rank -= size
    return str(_BENCHMARKS[rank % _BENCHMARKS.num_addresses])


def _word(rank: int, word: str) -> str:
    """A word in as many letters."""
    if len(word) <= _SHORT:
        return _spelled(rank, [_LETTERS] * len(word))
    return _spelled(rank, [_VOWELS if place % 2 else _CONSONANTS for place in range(len(word))])


def _id(rank: int, word: str) -> str:
    """An id of the same form."""
    letters = _LETTERS[:6] if re.fullmatch(r"[0-9a-fA-F]+", word) else _LETTERS
    signs = [_DIGITS if sign.isdigit() else letters.upper() if sign.isupper() else letters for sign in word]
    return _spelled(rank, signs)


def _spelled(rank: int, signs: list[str]) -> str:
    """The rank as a number whose places have these signs."""
    spelled = []
    for place in reversed(signs):
        rank, sign = divmod(rank, len(place))
        spelled.append(place[sign])
    return "".join(reversed(spelled))
