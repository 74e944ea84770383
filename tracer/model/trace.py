"""`Trace`: what one run needed, and the treaty between reduce and emit.

It serialises (schema 1), so that the three stages can be three processes: `from_json(to_json(trace)) == trace`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Final

from tracer.model.action import Action
from tracer.model.arn import ArnPattern
from tracer.model.finding import Finding
from tracer.model.permission import Basis, Evidence, Permission, Section, UsedPermission, Widening
from tracer.model.policy import Conditions

if TYPE_CHECKING:
    import pandas

SCHEMA: Final = 1
"""The version of the JSON form. Keys are only ever added."""


class InvalidTrace(ValueError):
    """The document is not a trace of a known schema."""


@dataclass(frozen=True, slots=True)
class Accounting:
    """Where each record that was read ended: in exactly one bin, the first that fits, in this order."""

    unreadable: int = 0
    other_principal: int = 0
    outside_window: int = 0
    filtered_out: int = 0
    duplicate: int = 0
    not_an_api_call: int = 0
    no_permission_needed: int = 0
    denied: int = 0
    unmapped: int = 0
    used: int = 0

    @property
    def read(self) -> int:
        """All records read: the sum of the bins."""
        return sum(getattr(self, bin_.name) for bin_ in fields(self))

    @property
    def selected(self) -> int:
        """The records of the run: those that no filter left out, and each once."""
        return self.not_an_api_call + self.no_permission_needed + self.denied + self.unmapped + self.used

    def to_json(self) -> dict[str, int]:
        """`read`, then the bins in order."""
        return {"read": self.read} | {bin_.name: getattr(self, bin_.name) for bin_ in fields(self)}


@dataclass(frozen=True, slots=True)
class RunFacts:
    """The run as it was asked for, completed by what its records show. Times are ISO 8601 in UTC or None."""

    principals: tuple[str, ...] = ()
    since: str | None = None
    until: str | None = None
    accounts: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    partition: str = "aws"
    service: str | None = None
    stage: str | None = None
    stacks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Denial:
    """A call that AWS refused for want of permission.

    Attributes:
        principal: as in Permission.
        action: the action that was refused, or None where nothing names it.
        resource: the ARN that was refused, or None where nothing names it.
        error: CloudTrail's errorCode.
        cause: the kind of policy that the message names (`identity-based`, `resource-based`, `service control`...) or None.
        read_from: `message` or `request`: where action and resource were read.
    """

    principal: str
    action: str | None
    resource: str | None
    error: str
    cause: str | None
    read_from: str
    evidence: Evidence = Evidence()

    @property
    def sort_key(self) -> tuple[str, ...]:
        """A key that orders denials; nothing compares None."""
        return (self.principal, self.action or "", self.resource or "", self.error, self.cause or "", self.read_from)


@dataclass(frozen=True, slots=True)
class Trace:
    """What a run needed, and everything that a reader has to know to trust it."""

    run: RunFacts = RunFacts()
    permissions: tuple[UsedPermission, ...] = ()
    denied: tuple[Denial, ...] = ()
    findings: tuple[Finding, ...] = ()
    accounting: Accounting = Accounting()

    def to_dict(self) -> dict[str, Any]:
        """The trace as schema 1 has it."""
        return {
            "schema": SCHEMA,
            "run": {
                "principals": list(self.run.principals),
                "since": self.run.since,
                "until": self.run.until,
                "accounts": list(self.run.accounts),
                "regions": list(self.run.regions),
                "partition": self.run.partition,
                "service": self.run.service,
                "stage": self.run.stage,
                "stacks": list(self.run.stacks),
            },
            "permissions": [_permission_to_json(used) for used in self.permissions],
            "denied": [_denial_to_json(denial) for denial in self.denied],
            "findings": [_finding_to_json(finding) for finding in self.findings],
            "accounting": self.accounting.to_json(),
        }

    def to_json(self) -> str:
        """The trace as indented JSON text with a newline at its end."""
        return json.dumps(self.to_dict(), indent=1, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, document: str | Mapping[str, Any]) -> Trace:
        """The trace that a JSON text or object spells. Raises InvalidTrace; unknown keys are ignored."""
        try:
            data = json.loads(document) if isinstance(document, str) else document
            if not isinstance(data, Mapping) or data.get("schema") != SCHEMA:
                raise InvalidTrace(f"not a trace of schema {SCHEMA}")
            run = {name: data["run"][name] for name in (item.name for item in fields(RunFacts))}
            bins = {bin_.name: int(data["accounting"][bin_.name]) for bin_ in fields(Accounting)}
            return cls(
                run=RunFacts(**{name: tuple(value) if isinstance(value, list) else value for name, value in run.items()}),
                permissions=tuple(_permission_from_json(item) for item in data["permissions"]),
                denied=tuple(_denial_from_json(item) for item in data["denied"]),
                findings=tuple(_finding_from_json(item) for item in data["findings"]),
                accounting=Accounting(**bins),
            )
        except InvalidTrace:
            raise
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise InvalidTrace(f"not a trace: {type(error).__name__}: {error}") from error

    def to_frame(self) -> pandas.DataFrame:
        """The permissions as a pandas table; see `tracer.frame.permissions`."""
        # The one arrow out of the model, drawn when called: pandas is loaded by those who ask for a table, and by no one else.
        from tracer import frame

        return frame.permissions(self)


def _evidence_to_json(evidence: Evidence) -> dict[str, Any]:
    return {
        "count": evidence.count,
        "first": evidence.first,
        "last": evidence.last,
        "events": list(evidence.events),
    }


def _evidence_from_json(item: Mapping[str, Any]) -> Evidence:
    return Evidence(int(item["count"]), item["first"], item["last"], tuple(item["events"]))


def _permission_to_json(used: UsedPermission) -> dict[str, Any]:
    permission = used.permission
    return {
        "principal": permission.principal,
        "section": permission.section.value,
        "action": permission.action.text,
        "resource": permission.resource.text,
        "widened": [
            {"part": item.part, "from": item.before, "to": item.after, "rule": item.rule} for item in used.widened
        ],
        "conditions": permission.conditions.to_json(),
        "basis": permission.basis.value,
        "rule": permission.rule,
        "via": permission.via,
        **_evidence_to_json(used.evidence),
    }


def _permission_from_json(item: Mapping[str, Any]) -> UsedPermission:
    return UsedPermission(
        Permission(
            section=Section(item["section"]),
            principal=item["principal"],
            action=Action(item["action"]),
            resource=ArnPattern(item["resource"]),
            conditions=Conditions.from_json(item["conditions"]),
            basis=Basis(item["basis"]),
            rule=item["rule"],
            via=item["via"],
        ),
        _evidence_from_json(item),
        tuple(Widening(step["part"], step["from"], step["to"], step["rule"]) for step in item["widened"]),
    )


def _denial_to_json(denial: Denial) -> dict[str, Any]:
    return {
        "principal": denial.principal,
        "action": denial.action,
        "resource": denial.resource,
        "error": denial.error,
        "cause": denial.cause,
        "read_from": denial.read_from,
        **_evidence_to_json(denial.evidence),
    }


def _denial_from_json(item: Mapping[str, Any]) -> Denial:
    return Denial(
        item["principal"],
        item["action"],
        item["resource"],
        item["error"],
        item["cause"],
        item["read_from"],
        _evidence_from_json(item),
    )


def _finding_to_json(finding: Finding) -> dict[str, Any]:
    return {
        "code": finding.code,
        "severity": finding.severity.value,
        "message": finding.message,
        "event_source": finding.event_source,
        "event_name": finding.event_name,
        "count": finding.count,
        "events": list(finding.events),
    }


def _finding_from_json(item: Mapping[str, Any]) -> Finding:
    return Finding(
        item["code"], item["message"], item["event_source"], item["event_name"], int(item["count"]), tuple(item["events"])
    )
