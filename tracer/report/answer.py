"""The answer that the page begins with: does the policy cover the run, why, and what is not known."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from tracer.model.finding import Finding, Severity
from tracer.model.permission import Basis
from tracer.report.drafted import Draft, Judgement, distinct, permissions_of
from tracer.report.text import counted, shown

_OPEN: Final[Mapping[str, Callable[[int], str] | None]] = {
    "UNREADABLE_RECORD": lambda n: f"{counted(n, 'record')} could not be read.",
    "UNKNOWN_ACTION": lambda n: f"No IAM action is known for {counted(n, 'call')}, so the policy has none for it.",
    "UNKNOWN_RESOURCE": lambda n: (
        f"The resource of {counted(n, 'call')} is not known; the line is wider than the call."
    ),
    "WILDCARD_RESOURCE": lambda n: f"{counted(n, 'call')} left the resource open; the line is as wide.",
    "CONFLICTING_DUPLICATE": lambda n: f"{counted(n, 'record')} came in two versions; one of them counts.",
    "SEVERAL_PRINCIPALS": lambda _: "Several callers took part, and none was named as the deployer.",
    "AMBIGUOUS_RUN": lambda _: "It is not certain which calls belong to the run.",
    "ENCODED_DENIAL": lambda n: f"What {counted(n, 'denied call')} needed is encoded in the message.",
    "COVERAGE_GAP": None,
    "INTEGRITY_UNCHECKED": lambda _: "The log files were not checked against the trail's digests.",
}
"""The findings that say what is not known, in words; the number is that of the records. None: each in its own words."""


class Tone(StrEnum):
    """How the answer sounds."""

    GOOD = "good"
    LOOK = "look"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Open:
    """Something that is not known, and where on the page it is told."""

    text: str
    place: str


@dataclass(frozen=True, slots=True)
class Answer:
    """Does the policy cover the run: the headline, why, and what is not known."""

    tone: Tone
    headline: str
    reasons: tuple[str, ...]
    open: tuple[Open, ...]


def answer(draft: Draft, judgements: Sequence[Judgement]) -> Answer:
    """The answer for a draft whose principals' documents were judged so."""
    needed = sum(len(distinct(permissions_of(share))) for share in draft.shares)
    missing = sum(len(judgement.missing) for judgement in judgements)
    grave = sum(finding.severity is not Severity.NOTE for finding in draft.findings)
    tone, headline = _headline(needed, missing, grave)
    return Answer(tone, headline, tuple(_reasons(draft, needed, missing, grave)), tuple(_open(draft)))


def _headline(needed: int, missing: int, grave: int) -> tuple[Tone, str]:
    if not needed:
        return Tone.LOOK, "There is no permission to grant."
    if missing:
        return Tone.BAD, "The policy does not cover this run."
    if grave:
        return Tone.LOOK, "The policy covers what is known of this run."
    return Tone.GOOD, "The policy covers this run."


def _reasons(draft: Draft, needed: int, missing: int, grave: int) -> Iterator[str]:
    if not needed:
        yield "The denied calls, the findings and the accounting below say what became of the records."
    elif missing:
        yield (
            f"{counted(missing, 'permission')} of {needed:,} that its calls needed "
            f"{'is' if missing == 1 else 'are'} not allowed: a Deny of the baseline stands in the way."
        )
    else:
        number = counted(needed, "permission")
        yield f"All that its calls needed is allowed: {number}, checked on the finished documents."
    yield from _about_denied(draft)
    if grave:
        yield f"Somebody must look at {counted(grave, 'finding')} of severity error or warning."
    if any(finding.code == "IGNORED" for finding in draft.findings):
        yield "What was asked to be left out is not in it; the finding IGNORED says what, and why."


def _about_denied(draft: Draft) -> Iterator[str]:
    count = sum(row.evidence.count for row in draft.trace.denied)
    if count:
        added = any(used.permission.basis is Basis.DENIED for share in draft.shares for used in permissions_of(share))
        what = f"what {'it' if count == 1 else 'they'} needed"
        granted = f"The policy holds {what}, as asked." if added else f"The policy does not hold {what}."
        yield f"AWS denied {counted(count, 'call')} of the run itself. {granted}"


def _open(draft: Draft) -> Iterator[Open]:
    inferred = sum(used.permission.basis is Basis.INFERRED for share in draft.shares for used in permissions_of(share))
    if inferred:
        yield Open(
            f"No record stands behind {counted(inferred, 'permission')}, deduced and marked inferred.", "policies"
        )
    for code, words in _OPEN.items():
        findings = [finding for finding in draft.findings if finding.code == code]
        if not findings:
            continue
        texts = [words(sum(max(finding.count, 1) for finding in findings))] if words else map(_sentence, findings)
        yield from (Open(text, f"finding-{code}") for text in texts)


def _sentence(finding: Finding) -> str:
    text = shown(finding.message)
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."
