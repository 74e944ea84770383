"""`ArnTemplate`: an ARN format of the action table,
`arn:${Partition}:lambda:${Region}:${Account}:function:${FunctionName}`.

It reads an ARN (which values does it have for the variables?) and writes a pattern (what does the ARN look like with
these values, and `*` for what is not known?).
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from tracer.model.arn import Arn
from tracer.model.glob import escape

_VARIABLE: Final = re.compile(r"\$\{([^}]+)\}")
_HEAD: Final = ("Partition", "Region", "Account")


@dataclass(frozen=True, slots=True)
class ArnTemplate:
    """One ARN format.

    Attributes:
        text: as the table has it.
        slashes: whether the last variable's values may hold a `/` (a role with its path, a log group's name).
    """

    text: str
    slashes: bool = False

    @property
    def variables(self) -> tuple[str, ...]:
        """The variables of the resource part, in order."""
        return _variables(self.text)

    @property
    def service(self) -> str:
        """The service segment."""
        return _segments(self.text)[2]

    @property
    def literal(self) -> str:
        """What the resource part begins with, before its first variable: `function:`."""
        return _VARIABLE.split(_segments(self.text)[5], maxsplit=1)[0]

    def read(self, arn: Arn) -> dict[str, str] | None:
        """The variables' values in `arn`, Partition, Region and Account included; None where it has another format.

        A qualifier behind the last variable (`function:NAME:ALIAS`, `log-group:NAME:*`) is passed over.
        """
        if arn.service != self.service:
            return None
        account = _segments(self.text)[4]
        if account in ("", "aws") and account != arn.account:
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

        def fill(match: re.Match[str]) -> str:
            name = match.group(1)
            return escape(values[name]) if name in values else (defaults or {}).get(name, "*")

        return _VARIABLE.sub(fill, self.text)


@functools.lru_cache(maxsize=8192)
def _segments(text: str) -> tuple[str, ...]:
    parts = tuple(text.split(":", 5))
    return parts if len(parts) == 6 else (*parts, *("",) * (6 - len(parts)))


@functools.lru_cache(maxsize=8192)
def _variables(text: str) -> tuple[str, ...]:
    return tuple(_VARIABLE.findall(_segments(text)[5]))


@functools.lru_cache(maxsize=8192)
def _pattern(text: str, slashes: bool) -> re.Pattern[str]:
    resource = _segments(text)[5]
    names = _VARIABLE.findall(resource)
    pieces = _VARIABLE.split(resource)
    last = len(names) - 1
    # An S3 key may hold anything; elsewhere a colon ends a name.
    within_s3 = _segments(text)[2] == "s3"
    regex = re.escape(pieces[0])
    for index in range(len(names)):
        if index == last and slashes:
            regex += "(.+)" if within_s3 else "([^:]+)"
        else:
            regex += "([^/:]+)"
        regex += re.escape(pieces[2 * index + 2])
    return re.compile(regex if within_s3 else regex + "(?::.*)?", re.DOTALL)
