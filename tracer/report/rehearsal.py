"""What a rehearsal came to: each round, what was refused in it, what to add, and what none of it proves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from tracer.model.policy import Policy
from tracer.report.layout import Access, Accesses, Block, Document, Heading, Item, Line, Prose, Tone
from tracer.report.text import counted

UNPROVED: Final = (
    "The account was simulated, and empty at the start: what AWS does otherwise was not seen.",
    "Which calls CloudFormation makes for a resource is written down in tracer, from AWS's documentation.",
    "Policies of the organization, of resources and of VPC endpoints were not there, nor were quotas.",
    "Roles were taken to trust who assumes them; functions were not run.",
)
"""What a rehearsal does not prove. A trial deploy on AWS under the policy does."""


class Refusal(Protocol):
    """Something that was not allowed."""

    @property
    def action(self) -> str:
        """The action."""

    @property
    def resource(self) -> str:
        """The resource."""

    @property
    def conditions(self) -> Mapping[str, str]:
        """Condition keys and their values."""

    @property
    def operation(self) -> str:
        """What was called."""

    @property
    def via(self) -> str | None:
        """The service that called it."""

    @property
    def explicit(self) -> bool:
        """Whether a statement denies it."""

    @property
    def count(self) -> int:
        """How many calls were refused for it."""


class Outcome(Protocol):
    """What came of one run of the command."""

    @property
    def exit_code(self) -> int:
        """The command's exit code."""

    @property
    def calls(self) -> int:
        """How many calls were made."""

    @property
    def refusals(self) -> Sequence[Refusal]:
        """What was refused."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """A run of the command.

    Attributes:
        how: under which policy.
        outcome: what came of it.
        lenient: whether what was missing was only counted: the policy of what is missing names it.
    """

    how: str
    outcome: Outcome
    lenient: bool = False


@dataclass(frozen=True, slots=True)
class Told:
    """A rehearsal as it is told.

    Attributes:
        command: what ran.
        attempts: its runs.
        missing: a policy of all that was missing.
    """

    command: str
    attempts: Sequence[Attempt]
    missing: Policy


def rehearsed(told: Told) -> Document:
    """The rehearsal in words."""
    blocks: list[Block] = [tuple(_attempt(told.command, attempt)) for attempt in told.attempts]
    if told.missing.statements:
        lines = [Line(line, whole=True) for line in told.missing.to_json().splitlines()]
        blocks.append([Heading("Missing in the policy"), *lines])
    blocks.append([Heading("What a rehearsal does not prove"), *(Prose(text, bullet=True) for text in UNPROVED)])
    return blocks


def _attempt(command: str, attempt: Attempt) -> Iterator[Item]:
    """What became of a run. A refusal is told as hard where the command failed, as soft where it went on."""
    outcome = attempt.outcome
    failed = outcome.exit_code != 0
    yield Heading(f"{command}, {attempt.how}: exit code {outcome.exit_code}", Tone.BAD if failed else Tone.GOOD)
    calls = counted(outcome.calls, "call")
    refused = counted(len(outcome.refusals), "permission")
    if attempt.lenient:
        yield Line(f"  {calls}; {refused} missing in all")
    elif outcome.refusals:
        how = "hard: the command failed" if failed else "soft: the command went on"
        yield Line(f"  {calls}; {refused} missing, {how}", tone=Tone.BAD if failed else Tone.DOUBTFUL)
        yield Accesses(tuple(_access(refusal) for refusal in outcome.refusals))
    else:
        yield Line(f"  {calls}, none refused")
        if failed:
            yield Prose("It failed for another reason than a permission: its own words stand above.")


def _access(refusal: Refusal) -> Access:
    by = f", which {refusal.via} calls" if refusal.via else ""
    times = f", {refusal.count} times" if refusal.count > 1 else ""
    remarks = [f"only if {key} = {value}" for key, value in refusal.conditions.items()]
    remarks += [f"for {refusal.operation}{by}{times}"]
    remarks += ["a Deny forbids it: an Allow more does not help"] if refusal.explicit else []
    return Access(refusal.action, refusal.resource, tuple(remarks))
