"""The ids that AWS generates, by what they are (`data/overrides/generated.json`): one row a kind of id.

    rule        its name; it stands in the trace beside what it starred
    service     the ARN's service segment, `*` for any
    match       a regular expression on the ARN's resource part; its group `id` is what was generated. `{stack}`
    stands for
                the names of the run's stacks
    to          what stands in a policy instead: `*` if not given
    made_only   true for ids of things that outlive a deploy (a KMS key): they are starred only if the run itself made
    them

each with its `source` and `why`. Rows of a service come before those of any.
"""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from importlib import resources


@dataclass(frozen=True, slots=True)
class GeneratedRule:
    """One kind of generated id; see the module."""

    rule: str
    service: str
    match: str
    why: str
    source: str
    to: str = "*"
    made_only: bool = False
    verified: bool = True


@functools.cache
def rules() -> tuple[GeneratedRule, ...]:
    """Every rule, in the order of the file."""
    file = resources.files("tracer.reference") / "data" / "overrides" / "generated.json"
    return tuple(GeneratedRule(**row) for row in json.loads(file.read_text(encoding="utf-8")))


@functools.cache
def rules_for(service: str) -> tuple[GeneratedRule, ...]:
    """The rules that apply to ARNs of a service; a row for `*` does not where the service has a made_only row."""
    own = tuple(rule for rule in rules() if rule.service == service)
    if any(rule.made_only for rule in own):
        return own
    return (*own, *(rule for rule in rules() if rule.service == "*"))


@functools.cache
def services_that_keep() -> frozenset[str]:
    """The services that have a made_only row: the ids that the run made must be known."""
    return frozenset(rule.service for rule in rules() if rule.made_only)


@functools.cache
def names() -> frozenset[str]:
    """The names of all rules."""
    return frozenset(rule.rule for rule in rules())
