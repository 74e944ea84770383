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
    def message(self) -> str:
        """AWS's message."""

    @property
    def via(self) -> str | None:
        """The service that made the call."""

    @property
    def count(self) -> int:
        """How many calls were refused for it."""


class Round(Protocol):
    """One run of the command."""

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
class Told:
    """A rehearsal as it is told.

    Attributes:
        command: what ran.
        rounds: its rounds, each with what the ones before had missed added.
        missing: a policy of all that was missing.
    """

    command: str
    rounds: Sequence[Round]
    missing: Policy


def rehearsed(told: Told) -> Document:
    """The rehearsal in words."""
    blocks: list[Block] = [
        tuple(_round(told, number, one, len(told.rounds))) for number, one in enumerate(told.rounds, 1)
    ]
    if told.missing.statements:
        lines = [Line(line, whole=True) for line in told.missing.to_json().splitlines()]
        blocks.append([Heading("To add to the policy"), *lines])
    blocks.append([Heading("What a rehearsal does not prove"), *(Prose(text, bullet=True) for text in UNPROVED)])
    return blocks


def _round(told: Told, number: int, one: Round, rounds: int) -> Iterator[Item]:
    """What became of a round. A refusal is told as hard where the command failed, as soft where it went on."""
    name = told.command if rounds == 1 else f"{told.command}, round {number}"
    yield Heading(f"{name}: exit code {one.exit_code}", Tone.BAD if one.exit_code else Tone.GOOD)
    calls = counted(one.calls, "call")
    if not one.refusals:
        yield Line(f"  {calls}, none refused")
        if one.exit_code:
            yield Prose("It failed for another reason than a permission: its own words stand above.")
        return
    refused = counted(len(one.refusals), "permission")
    how = "hard: the command failed" if one.exit_code else "soft: the command went on"
    yield Line(f"  {calls}; {refused} refused ({how})", tone=Tone.BAD if one.exit_code else Tone.DOUBTFUL)
    yield Accesses(tuple(_access(refusal) for refusal in one.refusals))


def _access(refusal: Refusal) -> Access:
    remarks = [f"only if {key} = {value}" for key, value in refusal.conditions.items()]
    remarks += [f"called by {refusal.via}"] if refusal.via else []
    remarks += [f"{refusal.count} times"] if refusal.count > 1 else []
    return Access(refusal.action, refusal.resource, (*remarks, refusal.message))
