"""What a draft has to say beside its statements: the findings of the merge with the baseline."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any, Final

from tracer.emit.baseline import Baseline, texts
from tracer.emit.merge import Merge, Merged, Unused
from tracer.model.action import Action
from tracer.model.arn import ArnPattern
from tracer.model.finding import Finding
from tracer.model.permission import UsedPermission
from tracer.model.policy import VERSION, Statement

_SHOWN: Final = 20
"""How many actions or resources a message names before it counts the rest."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A row of `baselines/faults.json`; the columns are told in the README beside it."""

    baseline: str
    when: Mapping[str, Any]
    fault: str
    mend: str
    source: str

    def concerns(self, merged: Merged, how: Merge, services: Iterable[str]) -> bool:
        """Whether this run is touched by it."""
        added = self.when.get("added", False)
        if how is Merge.TIGHTEN and not added:
            return False
        if "service" in self.when and not any(re.search(self.when["service"], service) for service in services):
            return False
        touched = merged.added if added else (*merged.already, *merged.added)
        return "action" not in self.when or any(self._matches(used) for used in touched)

    def _matches(self, used: UsedPermission) -> bool:
        permission = used.permission
        return Action(self.when["action"]).covers(permission.action) and ArnPattern(self.when["resource"]).covers(
            permission.resource
        )


@functools.cache
def known_faults() -> tuple[Fault, ...]:
    """What is known to be wrong in the built-in baselines."""
    text = (resources.files("tracer.emit") / "baselines" / "faults.json").read_text(encoding="utf-8")
    return tuple(Fault(**row) for row in json.loads(text))


def remarks(baseline: Baseline, merged: Merged, how: Merge, services: Iterable[str]) -> tuple[Finding, ...]:
    """The findings about `baseline`: its faults, what of it was not used, and which of its Denies stand in the way."""
    return (*_faults(baseline, merged, how, tuple(services)), *_unused(merged, how), *_blocked(merged))


def _faults(baseline: Baseline, merged: Merged, how: Merge, services: tuple[str, ...]) -> Iterator[Finding]:
    if baseline.built_in:
        for row in known_faults():
            if row.baseline == baseline.name and row.concerns(merged, how, services):
                yield Finding("BASELINE_FAULT", f"{baseline.name} {row.fault}: {row.mend} ({row.source})")
    for number, statement in enumerate(baseline.policy.statements, 1):
        if statement.effect == "Allow" and (statement.not_actions or statement.not_resources):
            element = "NotAction" if statement.not_actions else "NotResource"
            yield Finding(
                "BASELINE_FAULT",
                f"statement {number} of the baseline allows by {element}, which grants all that it does not name, "
                "also what AWS adds later (https://docs.aws.amazon.com/IAM/latest/UserGuide/"
                f"reference_policies_elements_{element.lower()}.html)",
            )
    if baseline.policy.version != VERSION and _holds_variables(baseline):
        yield Finding(
            "BASELINE_FAULT",
            f"the baseline is written for version {baseline.policy.version} of the policy language, in which ${{...}} "
            f"is plain text; the documents here are of version {VERSION}, in which it is a variable",
        )


def _holds_variables(baseline: Baseline) -> bool:
    return any("${" in text for statement in baseline.policy.statements for text in texts(statement))


def _unused(merged: Merged, how: Merge) -> Iterator[Finding]:
    fate = "left out" if how is Merge.TIGHTEN else "kept"
    for unused in merged.unused:
        yield Finding("BASELINE_UNUSED", f"{_described(unused)} not used in this run, and {fate}")


def _described(unused: Unused) -> str:
    statement = unused.statement
    actions = _listed(unused.actions) if unused.actions else f"all but {_listed(statement.not_actions)}"
    resources_ = _listed(statement.resources) if statement.resources else f"all but {_listed(statement.not_resources)}"
    head = (
        f"statement {unused.number} of the baseline"
        if unused.whole
        else f"in statement {unused.number} of the baseline"
    )
    verb = "was" if unused.whole or len(unused.actions) == 1 else "were"
    return f"{head} ({actions} on {resources_}) {verb}" if unused.whole else f"{head}, {actions} on {resources_} {verb}"


def _blocked(merged: Merged) -> Iterator[Finding]:
    by_statement: dict[Statement, list[UsedPermission]] = {}
    for blocked in merged.blocked:
        by_statement.setdefault(blocked.by, []).append(blocked.used)
    for statement, lines in by_statement.items():
        name = f"the Deny {statement.sid}" if statement.sid else "a Deny"
        needs = _listed(f"{line.permission.action} on {line.permission.resource}" for line in lines)
        verb = "may block, where its condition holds" if statement.conditions else "blocks"
        yield Finding(
            "BLOCKED_BY_DENY",
            f"{name} of the baseline {verb} what this run needed: {needs}",
            count=sum(line.evidence.count for line in lines),
            events=tuple(dict.fromkeys(event for line in lines for event in line.evidence.events))[:_SHOWN],
        )


def _listed(texts: Iterable[str]) -> str:
    texts = list(texts)
    rest = len(texts) - _SHOWN
    return ", ".join(texts[:_SHOWN]) + (f" and {rest} more" if rest > 0 else "")
