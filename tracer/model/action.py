"""`Action`: an IAM action or action pattern, `service:Name`, compared without case.

IAM: "The prefix and the action name are case insensitive. For example, iam:ListAccessKeys is the same as
IAM:listaccesskeys" and "You can also use multi-character match wildcards (*) and single-character match wildcards (?)
anywhere in the action name" (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_action.html).
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass, field
from typing import Final

from tracer.model.glob import glob_covers

_ACTION: Final = re.compile(r"\*|[A-Za-z0-9-]+:[A-Za-z0-9*?_.-]+")


class InvalidAction(ValueError):
    """The text is neither `*` nor `service:Name`, where the name alone may hold wildcards."""


@functools.total_ordering
@dataclass(frozen=True, slots=True, eq=False)
class Action:
    """An action in the spelling it came with; equality, order and hash ignore case. Raises InvalidAction."""

    text: str
    _lower: str = field(init=False, repr=False)
    """What is compared."""

    def __post_init__(self) -> None:
        if not _ACTION.fullmatch(self.text):
            raise InvalidAction(f"not an IAM action: {self.text!r}")
        object.__setattr__(self, "_lower", self.text.lower())

    @property
    def service(self) -> str:
        """The service prefix in lower case; `*` for the pattern of all actions."""
        return self._lower.partition(":")[0]

    @property
    def name(self) -> str:
        """The name behind the prefix, as spelled; `*` for the pattern of all actions."""
        return self.text.partition(":")[2] or "*"

    @property
    def is_pattern(self) -> bool:
        """Whether the action holds a wildcard."""
        return "*" in self.text or "?" in self.text

    def covers(self, other: Action) -> bool:
        """Whether every action that `other` stands for is one that this stands for."""
        if self.text == "*":
            return True
        return self.service == other.service and glob_covers(self.name.lower(), other.name.lower())

    def __str__(self) -> str:
        return self.text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Action) and self._lower == other._lower

    def __hash__(self) -> int:
        return hash(self._lower)

    def __lt__(self, other: Action) -> bool:
        return self._lower < other._lower
