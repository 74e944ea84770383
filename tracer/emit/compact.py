"""`compacted`: fewer characters for the same actions, where `--compact` asks for it.

`ec2:DescribeSubnets` and `ec2:DescribeVpcs` become `ec2:Describe*` only where a statement holds every action of the
action table that the pattern stands for, so that today nothing is added. A pattern is a beginning of whole words of a
name and a `*`, which a reader can take in at a glance; never `*Tags` or `Desc*`. What AWS will name so one day is
granted by then as well, and that is why this is asked for and told (WILDCARD_ACTION), and never done by itself.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from tracer.emit.build import with_sid
from tracer.emit.grants import parsed_action
from tracer.emit.lines import Line
from tracer.model.action import Action
from tracer.model.finding import Finding
from tracer.model.policy import Statement
from tracer.reference import table

_WORD: Final = re.compile(r"[A-Z]+[0-9]*(?![a-z0-9])|[A-Z]?[a-z0-9]+|[^A-Za-z0-9]+|[A-Z]")
"""A word of an action's name: `DB` and `Instances` of DBInstances, `V2`."""


def compacted(lines: Iterable[Line], baseline: Sequence[Statement] = ()) -> tuple[Line, ...]:
    """`lines` with wildcards in their actions; what stands so in the baseline stays as its author wrote it."""
    kept = set(baseline)
    return tuple(line if line.statement in kept else replace(line, statement=compact(line.statement)) for line in lines)


def compact(statement: Statement) -> Statement:
    """`statement` with as few actions as say the same; itself where it is a Deny or nothing can be joined."""
    actions = [parsed_action(text) for text in statement.actions]
    patterns = _patterns(actions) if statement.effect == "Allow" else []
    if not patterns:
        return statement
    rest = [action for action in actions if not any(pattern.covers(action) for pattern in patterns)]
    shorter = replace(statement, actions=tuple(action.text for action in sorted([*rest, *patterns])))
    return with_sid(shorter) if with_sid(statement) == statement else shorter


def wildcards(before: Iterable[Line], after: Iterable[Line]) -> Iterator[Finding]:
    """What the patterns stand for that `after` holds and `before` did not."""
    known = {text for line in before for text in line.statement.actions}
    patterns = sorted({text for line in after for text in line.statement.actions} - known)
    for text in patterns:
        names = ", ".join(action.name for action in table.expand(Action(text)))
        yield Finding(
            "WILDCARD_ACTION",
            f"{text} stands for {names}, and for what AWS will name so later (the table of actions is of "
            f"{table.data_date()})",
        )


def _patterns(actions: Sequence[Action]) -> list[Action]:
    """The patterns that stand for several of `actions` and for no other of the table; none covers another."""
    held = set(actions)
    names = [action for action in actions if not action.is_pattern]
    chosen: list[Action] = []
    # Of two beginnings of one name the shorter stands for more: once it is taken, the longer says nothing new.
    for pattern in sorted(set(itertools.chain.from_iterable(map(_beginnings, names))), key=lambda one: len(one.text)):
        if any(other.covers(pattern) for other in chosen):
            continue
        known = set(table.expand(pattern))
        # Of what the table does not know, nobody can say that it is all.
        if len(known) > 1 and known <= held:
            chosen.append(pattern)
    return chosen


def _beginnings(action: Action) -> Iterator[Action]:
    """`ec2:Describe*`, `ec2:DescribeVpc*`... for `ec2:DescribeVpcEndpoints`."""
    service = action.text.partition(":")[0]
    for name in itertools.accumulate(_WORD.findall(action.name)):
        yield Action(f"{service}:{name}*")
