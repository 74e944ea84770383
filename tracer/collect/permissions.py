"""What tracer itself needs: for each place that records come from, the smallest policy that lets it read there.

The facts are rows of `permissions.json`, each with the page that states it. What a row cannot know, a bucket's name or
a role's ARN, stands in it as `<bucket>`, `<role>`; `<partition>` is the partition of the ARN. A row with `if` counts
where that placeholder is filled. A new source brings its rows and its placeholders, and no code.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any, Final

from tracer.model.policy import Policy, Statement

PARTITION: Final = "partition"
"""The placeholder that is no option."""

_PLACEHOLDER: Final = re.compile(r"<([a-z-]+)>")


@dataclass(frozen=True, slots=True)
class Placeholder:
    """Something that the user fills in.

    Attributes:
        name: as it stands between `<` and `>`.
        metavar: what kind of text it is.
        help: what it means.
    """

    name: str
    metavar: str
    help: str


def purposes() -> tuple[str, ...]:
    """What tracer can need permissions for."""
    return tuple(_facts()["needs"])


def placeholders() -> tuple[Placeholder, ...]:
    """What can be filled in."""
    return tuple(Placeholder(name, row["metavar"], row["help"]) for name, row in _facts()["placeholders"].items())


def note(purpose: str) -> str:
    """When that is needed, and what goes with it, in words."""
    return str(_facts()["needs"][purpose]["note"])


def needed(purposes: Iterable[str], values: Mapping[str, str]) -> Policy:
    """The policy for all of `purposes`.

    Args:
        purposes: of `purposes()`.
        values: placeholders, and what stands for them; others have their default, or stay.
    """
    rows = [row for purpose in dict.fromkeys(purposes) for row in _facts()["needs"][purpose]["statements"]]
    defaults = {name: row["default"] for name, row in _facts()["placeholders"].items() if "default" in row}
    wanted = [row for row in rows if "if" not in row or values.get(row["if"])]
    return Policy(tuple(dict.fromkeys(_statement(row, {**defaults, **values}) for row in wanted)))


def left_open(policy: Policy) -> tuple[str, ...]:
    """The placeholders that nothing fills."""
    texts = [resource for statement in policy.statements for resource in statement.resources]
    return tuple(dict.fromkeys(name for text in texts for name in _PLACEHOLDER.findall(text)))


def _statement(row: Mapping[str, Any], values: Mapping[str, str]) -> Statement:
    return Statement(
        sid=row["sid"],
        actions=tuple(row["actions"]),
        resources=tuple(
            _PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), text) for text in row["resources"]
        ),
    )


@functools.cache
def _facts() -> Mapping[str, Any]:
    text = (resources.files("tracer.collect") / "permissions.json").read_text(encoding="utf-8")
    facts: Mapping[str, Any] = json.loads(text)
    return facts
