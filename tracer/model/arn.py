"""`Arn` and `ArnPattern`: the names of AWS resources, and the patterns that policies use for them.

An ARN splits at most five times, `arn:partition:service:region:account:resource`; the resource part keeps its colons
(https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html). A pattern is compared part by part, so that
a `*` in the region never reaches into the account; within the resource part the rules of `tracer.model.glob` hold.
"""

from __future__ import annotations

import functools
import itertools
import re
from dataclasses import dataclass
from typing import Final

from tracer.model.glob import escape, glob_covers, has_wildcard

_PARTS: Final = 6
_COLON: Final = re.compile("(:)")
_VARIABLE_OR_COLON: Final = re.compile(r"\$\{[^}]*\}|(:)")


class InvalidArn(ValueError):
    """The text does not have the six parts of an ARN."""


@dataclass(frozen=True, slots=True, order=True)
class Arn:
    """One resource. The parts are literal text; `region` and `account` may be empty (`arn:aws:s3:::bucket`)."""

    partition: str
    service: str
    region: str
    account: str
    resource: str

    @classmethod
    def parse(cls, text: str) -> Arn:
        """The ARN that `text` spells.

        Raises:
            InvalidArn: it has not six parts, or no partition, service or resource.
        """
        parts = text.split(":", _PARTS - 1)
        if len(parts) != _PARTS or parts[0] != "arn" or not (parts[1] and parts[2] and parts[5]):
            raise InvalidArn(f"not an ARN: {text!r}")
        return cls(*parts[1:])

    @classmethod
    def find(cls, value: object) -> Arn | None:
        """The ARN that `value` spells, or None where it spells none."""
        return _found(value) if isinstance(value, str) and value.startswith("arn:") else None

    def __str__(self) -> str:
        return ":".join(("arn", self.partition, self.service, self.region, self.account, self.resource))


@functools.lru_cache(maxsize=4096)
def _found(text: str) -> Arn | None:
    try:
        return Arn.parse(text)
    except InvalidArn:
        return None


@dataclass(frozen=True, slots=True, order=True)
class ArnPattern:
    """What a policy's Resource may hold: `*`, or an ARN with wildcards, their escapes and policy variables in it."""

    text: str

    @classmethod
    def exactly(cls, arn: Arn | str) -> ArnPattern:
        """The pattern of one ARN alone: its own `*`, `?` and `${` are escaped."""
        return cls(escape(str(arn)))

    @property
    def is_star(self) -> bool:
        """Whether this is `*`: every resource, also of calls that AWS checks on no resource at all."""
        return self.text == "*"

    @property
    def has_wildcard(self) -> bool:
        """Whether it can match more than one ARN."""
        return has_wildcard(self.text)

    @property
    def segments(self) -> tuple[str, ...]:
        """The six parts, `arn` included; a pattern that ends early in a `*` (`arn:*`) is filled up with `*`.

        Fewer than six where it ends early in another way: such a pattern matches no ARN.
        """
        return _segments(self.text)

    @property
    def service(self) -> str:
        """The service part, or `*`; `""` where the pattern ends before it."""
        return "".join(self.segments[2:3])

    @property
    def resource(self) -> str:
        """The resource part, or `*`; `""` where the pattern ends before it."""
        return "".join(self.segments[5:6])

    def covers(self, other: ArnPattern, *, spanning: bool = False) -> bool:
        """Whether every ARN that `other` matches is matched by this pattern.

        Args:
            other: a pattern, or `ArnPattern.exactly(arn)`.
            spanning: how to read a wildcard inside a colon-separated segment of the resource part, in both patterns.
                False, it stops at a colon: to prove that a grant is enough. True, it may pass one: to prove that a
                grant is not too much. One that ends a segment passes in both, as AWS states.
        """
        if self.text == other.text or self.is_star:
            return True
        if other.is_star:
            return False
        mine, theirs = self.segments, other.segments
        if len(mine) != _PARTS or len(theirs) != _PARTS:
            return False
        return all(glob_covers(one, another, spanning=spanning) for one, another in zip(mine, theirs, strict=True))

    def __str__(self) -> str:
        return self.text


@functools.lru_cache(maxsize=16_384)
def _segments(text: str) -> tuple[str, ...]:
    if text == "*":
        return ("*",) * _PARTS
    if "${" not in text:
        return _filled_up(text.split(":", _PARTS - 1))
    # Behind the last `}` there is no variable: each `${` there would be followed to the end.
    closed = text.rfind("}") + 1
    found = itertools.chain(_VARIABLE_OR_COLON.finditer(text, 0, closed), _COLON.finditer(text, closed))
    colons = list(itertools.islice((match.start() for match in found if match.group(1)), _PARTS - 1))
    starts, ends = [0, *(colon + 1 for colon in colons)], [*colons, len(text)]
    return _filled_up([text[start:end] for start, end in zip(starts, ends, strict=True)])


def _filled_up(parts: list[str]) -> tuple[str, ...]:
    if len(parts) < _PARTS and parts[-1].endswith("*"):
        parts += ["*"] * (_PARTS - len(parts))
    return tuple(parts)
