"""`ArnTemplate`: an ARN format of the action table,
`arn:${Partition}:lambda:${Region}:${Account}:function:${FunctionName}`.

It reads an ARN (which values does it have for the variables?) and writes a pattern (what does the ARN look like with
these values, and `*` for what is not known?).
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from tracer.model.arn import Arn
from tracer.model.glob import escape

_VARIABLE: Final = re.compile(r"\$\{([^}]+)\}")


@dataclass(frozen=True, slots=True)
class ArnTemplate:
    """One ARN format.

    Attributes:
        text: as the table has it.
        slashes: whether the last variable's values may hold a `/` (a role with its path, a log group's name).
        service: the service segment.
        account: the account segment: a variable, `""` or `aws`.
        variables: the variables of the resource part, in order.
        literal: what the resource part begins with, before its first variable: `function:`.
        pieces: what it is joined of: plain text and, at each odd place, the name of a variable.
    """

    text: str
    slashes: bool = False
    service: str = field(init=False, compare=False, repr=False)
    account: str = field(init=False, compare=False, repr=False)
    variables: tuple[str, ...] = field(init=False, compare=False, repr=False)
    literal: str = field(init=False, compare=False, repr=False)
    pieces: tuple[str, ...] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        _, _, service, _, account, resource = _segments(self.text)
        literal, *rest = _VARIABLE.split(resource)
        for name, value in (
            ("service", service),
            ("account", account),
            ("variables", tuple(rest[::2])),
            ("literal", literal),
            ("pieces", tuple(_VARIABLE.split(self.text))),
        ):
            object.__setattr__(self, name, value)

    def read(self, arn: Arn) -> dict[str, str] | None:
        """The variables' values in `arn`, Partition, Region and Account included; None where it has another format.

        A qualifier behind the last variable (`function:NAME:ALIAS`, `log-group:NAME:*`) is passed over.
        """
        if arn.service != self.service:
            return None
        if self.account in ("", "aws") and self.account != arn.account:
            return None
        match = _pattern(self.text, self.slashes).fullmatch(arn.resource)
        if match is None:
            return None
        values = dict(zip(self.variables, match.groups(), strict=True))
        return values | {"Partition": arn.partition, "Region": arn.region, "Account": arn.account}

    def write(self, values: Mapping[str, str], defaults: Mapping[str, str] | None = None) -> str:
        """The pattern with `values` in place of the variables.

        Args:
            values: literal text by variable; escaped here.
            defaults: pattern text by variable, for those that have no value; `*` for all others.
        """
        parts = list(self.pieces)
        for place in range(1, len(parts), 2):
            name = parts[place]
            parts[place] = escape(values[name]) if name in values else (defaults or {}).get(name, "*")
        return "".join(parts)


def _segments(text: str) -> tuple[str, ...]:
    parts = tuple(text.split(":", 5))
    return (*parts, *("",) * (6 - len(parts)))


@functools.lru_cache(maxsize=8192)
def _pattern(text: str, slashes: bool) -> re.Pattern[str]:
    resource = _segments(text)[5]
    pieces = _VARIABLE.split(resource)
    last = len(pieces) - 2
    # An S3 key may hold anything; elsewhere a colon ends a name.
    within_s3 = _segments(text)[2] == "s3"
    regex = re.escape(pieces[0])
    for place in range(1, len(pieces), 2):
        if place == last and slashes:
            regex += "(.+)" if within_s3 else "([^:]+)"
        else:
            regex += "([^/:]+)"
        regex += re.escape(pieces[place + 1])
    return re.compile(regex if within_s3 else regex + "(?::.*)?", re.DOTALL)
