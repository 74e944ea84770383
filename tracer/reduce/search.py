"""Which texts tell, before anything is decoded, that a record may be one of a principal that was asked for.

`tracer.reduce.callers.matches` says when a principal is meant. Each way in which it can be has a name in it that stands
in the record: a role's name in its sessions' ARNs, a user's in its own. The names of whom a run asks for are known at
once, those of whoever acts for them once their records are read (`Attribution.wanted`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from tracer.model.arn import Arn
from tracer.model.search import Wanted, needle

CALLS_OF_IAM: Final = Wanted(frozenset({(b"iam.amazonaws.com", b"")}))
"""The records that tell the paths of IAM names, whoever made the call."""

_ROOT: Final = "root"


def asked_for(principals: Iterable[str]) -> Wanted | None:
    """What the records of these principals hold; None where there is none, or one has no name to look for."""
    found = [(text, arn and arn.account) for arn in map(Arn.find, principals) for text in _texts(arn)]
    needles = frozenset((text, account.encode()) for text, account in found if text is not None and account)
    return Wanted(needles) if found and len(needles) == len(set(found)) else None


def _texts(arn: Arn | None) -> Iterator[bytes | None]:
    """The texts of which a record of the principal holds one, beside its account; None where no text is sure."""
    if arn is None:
        yield None
    elif arn.resource == _ROOT:
        # The root is known by its ARN, or by its type alone.
        yield from (b"root", b"Root")
    elif arn.resource.startswith("assumed-role/"):
        yield max(map(needle, arn.resource.split("/")[1:]), key=lambda found: len(found or b""), default=None)
    else:
        # A role may be named without its path, a user by account and name.
        yield needle(arn.resource.rpartition("/")[2])
