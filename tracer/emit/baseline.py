"""Baselines: the policy that a draft starts from, read and filled in.

A baseline is an IAM policy with placeholders for what differs from run to run: `<region>`, `<account_no>`,
`<service_name>` and `<stage>`. Two are built in (`baselines/`); any other is a file. Where a placeholder has several
values there is one copy of the baseline for each, and a statement without that placeholder stands once. What the user
wrote is kept: Deny, NotAction, NotResource, Condition and Sid go through as they are.

Values are put into the parsed policy, string by string, and must look like what they stand for: they can come from a
log.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from importlib import resources
from pathlib import Path
from typing import Final

from tracer.emit.build import with_distinct_sids
from tracer.emit.grants import parsed_action
from tracer.errors import UsageError
from tracer.model.policy import Conditions, InvalidPolicy, Policy, Statement

BUILT_IN: Final = ("serverless-advanced", "serverless-simple")
"""The baselines that come with tracer."""

NONE: Final = "none"
"""The name of no baseline."""

_FOLDER: Final = resources.files("tracer.emit") / "baselines"
_PLACEHOLDER: Final = re.compile(r"<([A-Za-z][A-Za-z0-9_ .-]*)>")
_PARTITION: Final = "arn:aws:"


@dataclass(frozen=True, slots=True)
class Placeholder:
    """One name between `<` and `>`: the option that fills it, and what its value must look like."""

    option: str
    value: re.Pattern[str]


PLACEHOLDERS: Final[Mapping[str, Placeholder]] = {
    "region": Placeholder("--region", re.compile(r"[a-z0-9-]+")),
    "account_no": Placeholder("--account", re.compile(r"[0-9]{12}")),
    "service_name": Placeholder("--service", re.compile(r"[A-Za-z0-9_.-]+")),
    "stage": Placeholder("--stage", re.compile(r"[A-Za-z0-9_.-]+")),
}
"""Every placeholder there is. No value may hold a wildcard, or a `:` or `/` that would move the parts of an ARN."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """A baseline as read, or as filled.

    Attributes:
        name: as `--baseline` names it.
        policy: its statements.
        built_in: whether it came with tracer, so that its ARNs follow the trace's partition.
    """

    name: str = NONE
    policy: Policy = field(default_factory=Policy)
    built_in: bool = False


def load(name: str) -> Baseline:
    """The baseline that is built in under `name`, none, or that of the file `name`.

    Raises UsageError where there is no such baseline, or the file is no IAM policy.
    """
    if name == NONE:
        return Baseline()
    if name in BUILT_IN:
        text = (_FOLDER / f"{name}.json").read_text(encoding="utf-8")
        return Baseline(name, Policy.from_json(text), built_in=True)
    return Baseline(name, read_policy(Path(name)))


def read_policy(path: Path) -> Policy:
    """The policy in a file. Raises UsageError where the file cannot be read or holds no IAM identity policy."""
    try:
        policy = Policy.from_json(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError as error:
        raise UsageError(
            f"there is no policy file {str(path)!r}",
            f"name a file, or one of {', '.join((*BUILT_IN, NONE))} as baseline",
        ) from error
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}", "name a file that holds an IAM policy") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is not UTF-8 text", "name a file that holds an IAM policy as JSON") from error
    except InvalidPolicy as error:
        raise UsageError(f"{path} is no IAM policy: {error}", "name a file that holds an IAM policy as JSON") from error
    for statement in policy.statements:
        for text in (*statement.actions, *statement.not_actions):
            parsed_action(text)
    return policy


def placeholders(statement: Statement) -> frozenset[str]:
    """The names between `<` and `>` in the actions, resources and condition values of `statement`."""
    return frozenset(name for text in texts(statement) for name in _PLACEHOLDER.findall(text))


def fill(baseline: Baseline, values: Mapping[str, tuple[str, ...]], partition: str = "aws") -> Baseline:
    """`baseline` with every placeholder filled, one copy for each combination of `values`; see the module's docstring.

    Args:
        baseline: as loaded.
        values: placeholder -> its values.
        partition: that of the trace; a built-in baseline's ARNs get it.

    Raises:
        UsageError: a placeholder is unknown, or has no value, or one that cannot stand in an ARN.
    """
    statements = baseline.policy.statements
    needed = frozenset[str]().union(*map(placeholders, statements))
    _check(baseline.name, needed, values)
    names = [name for name in PLACEHOLDERS if name in needed]
    copies = [
        _filled(statement, dict(zip(names, combination, strict=True)))
        for combination in itertools.product(*(values[name] for name in names))
        for statement in statements
    ]
    if len(copies) > len(statements):
        # A statement that came out alike in two copies holds no placeholder that differs between them.
        copies = list(with_distinct_sids(dict.fromkeys(copies)))
    if baseline.built_in and partition != "aws":
        copies = [_mapped(copy, lambda text: text.replace(_PARTITION, f"arn:{partition}:")) for copy in copies]
    return replace(baseline, policy=replace(baseline.policy, statements=tuple(copies)))


def _check(baseline: str, needed: frozenset[str], values: Mapping[str, tuple[str, ...]]) -> None:
    for name in sorted(needed):
        known = PLACEHOLDERS.get(name)
        if known is None:
            raise UsageError(
                f"the baseline {baseline} holds the placeholder <{name}>, which is unknown",
                f"use {', '.join(f'<{known}>' for known in PLACEHOLDERS)}, or write the value into the file",
            )
        if not values.get(name):
            raise UsageError(
                f"nothing fills the placeholder <{name}> of the baseline {baseline}",
                f"give its value with {known.option}",
            )
        for value in values[name]:
            if not known.value.fullmatch(value):
                raise UsageError(
                    f"{value!r} cannot fill the placeholder <{name}> of the baseline {baseline}",
                    f"give its value with {known.option}",
                )


def _filled(statement: Statement, values: Mapping[str, str]) -> Statement:
    return _mapped(statement, lambda text: _PLACEHOLDER.sub(lambda match: values[match.group(1)], text))


def _mapped(statement: Statement, change: Callable[[str], str]) -> Statement:
    """`statement` with `change` made to each of its texts."""

    def all_of(texts: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(map(change, texts))

    conditions = (
        (operator, key, tuple(sorted(set(all_of(values))))) for operator, key, values in statement.conditions.items
    )
    return replace(
        statement,
        actions=all_of(statement.actions),
        not_actions=all_of(statement.not_actions),
        resources=all_of(statement.resources),
        not_resources=all_of(statement.not_resources),
        conditions=Conditions(tuple(conditions)),
    )


def texts(statement: Statement) -> Iterator[str]:
    """The actions, resources and condition values: all in which a placeholder or a variable may stand."""
    yield from (*statement.actions, *statement.not_actions, *statement.resources, *statement.not_resources)
    for _, _, values in statement.conditions.items:
        yield from values
