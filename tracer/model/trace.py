"""`Trace`: what one run needed, and the treaty between reduce and emit.

It serialises (schema 1), so that the three stages can be three processes: `from_json(to_json(trace)) == trace`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Final, TypeVar

from tracer.model.action import Action
from tracer.model.arn import ArnPattern
from tracer.model.finding import Finding
from tracer.model.jsontext import json_text
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
        cause: the kind of policy that the message names (`identity-based`, `service control`...), or None.
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
        """What the trace sorts denials by."""
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
        return {name: list(value) if isinstance(value, map) else value for name, value in self._members().items()}

    def to_json(self) -> str:
        """The trace as indented JSON text with a newline at its end."""
        return "".join(self.json_chunks())

    def json_chunks(self) -> Iterator[str]:
        """The same text, piece by piece: the dictionaries of all its lines take several times what it takes itself."""
        before = "{\n"
        for name, value in self._members().items():
            yield f'{before} "{name}": '
            yield from _list_chunks(value) if isinstance(value, map) else (_indented(value, 1),)
            before = ",\n"
        yield "\n}\n"

    def _members(self) -> dict[str, Any]:
        """What schema 1 has, its lists as what makes their items one by one."""
        return {
            "schema": SCHEMA,
            "run": _run_to_json(self.run),
            "permissions": map(_permission_to_json, self.permissions),
            "denied": map(_denial_to_json, self.denied),
            "findings": map(_finding_to_json, self.findings),
            "accounting": self.accounting.to_json(),
        }

    @classmethod
    def from_json(cls, document: str | Mapping[str, Any]) -> Trace:
        """The trace that a JSON text or object spells. Raises InvalidTrace; unknown keys are ignored."""
        data = _load(document)
        try:
            return cls(
                run=_run_from_json(_get(data, "run", dict)),
                permissions=tuple(_permission_from_json(item) for item in _get(data, "permissions", list)),
                denied=tuple(_denial_from_json(item) for item in _get(data, "denied", list)),
                findings=tuple(_finding_from_json(item) for item in _get(data, "findings", list)),
                accounting=_accounting_from_json(_get(data, "accounting", dict)),
            )
        except InvalidTrace:
            raise
        except ValueError as error:
            raise InvalidTrace(f"not a trace: {error}") from error

    def to_frame(self) -> pandas.DataFrame:
        """The permissions as a pandas table; see `tracer.frame.permissions`."""
        # The one arrow out of the model, drawn only when called: pandas is loaded by those who ask for a table.
        from tracer.frame import permissions

        return permissions(self)

    def _repr_html_(self) -> str:
        """What JupyterLab shows."""
        from tracer.report.notebook import trace_html

        return trace_html(self)


_T = TypeVar("_T")


def _load(document: str | Mapping[str, Any]) -> Mapping[str, Any]:
    try:
        data = json.loads(document) if isinstance(document, str) else document
    except (ValueError, RecursionError) as error:
        raise InvalidTrace(f"not a trace: not JSON: {error}") from error
    if not isinstance(data, Mapping) or data.get("schema") != SCHEMA:
        raise InvalidTrace(f"not a trace of schema {SCHEMA}")
    return data


def _get(item: object, key: str, kind: type[_T]) -> _T:
    if not isinstance(item, Mapping) or key not in item:
        raise InvalidTrace(f"not a trace: {key} is missing")
    value = item[key]
    if not isinstance(value, kind):
        raise InvalidTrace(f"not a trace: {key} is {type(value).__name__}, not {kind.__name__}")
    return value


def _get_optional(item: object, key: str) -> str | None:
    return None if isinstance(item, Mapping) and key in item and item[key] is None else _get(item, key, str)


def _get_strings(item: object, key: str) -> tuple[str, ...]:
    values = _get(item, key, list)
    if not all(isinstance(value, str) for value in values):
        raise InvalidTrace(f"not a trace: {key} holds other things than strings")
    return tuple(values)


def _list_chunks(items: Iterable[object]) -> Iterator[str]:
    """A list's text, an item at a time."""
    before = "[\n  "
    for item in items:
        yield before + _indented(item, 2)
        before = ",\n  "
    yield "[]" if before.startswith("[") else "\n ]"


def _indented(value: object, depth: int) -> str:
    """JSON text as it stands so deep in another one; a string in it holds no line break."""
    return json_text(value, indent=1).replace("\n", "\n" + " " * depth)


def _run_to_json(run: RunFacts) -> dict[str, Any]:
    return {
        "principals": list(run.principals),
        "since": run.since,
        "until": run.until,
        "accounts": list(run.accounts),
        "regions": list(run.regions),
        "partition": run.partition,
        "service": run.service,
        "stage": run.stage,
        "stacks": list(run.stacks),
    }


def _run_from_json(item: object) -> RunFacts:
    return RunFacts(
        principals=_get_strings(item, "principals"),
        since=_get_optional(item, "since"),
        until=_get_optional(item, "until"),
        accounts=_get_strings(item, "accounts"),
        regions=_get_strings(item, "regions"),
        partition=_get(item, "partition", str),
        service=_get_optional(item, "service"),
        stage=_get_optional(item, "stage"),
        stacks=_get_strings(item, "stacks"),
    )


def _accounting_from_json(item: object) -> Accounting:
    return Accounting(**{bin_.name: _get(item, bin_.name, int) for bin_ in fields(Accounting)})


def _evidence_to_json(evidence: Evidence) -> dict[str, Any]:
    return {
        "count": evidence.count,
        "first": evidence.first,
        "last": evidence.last,
        "events": list(evidence.events),
    }


def _evidence_from_json(item: object) -> Evidence:
    return Evidence(
        count=_get(item, "count", int),
        first=_get_optional(item, "first"),
        last=_get_optional(item, "last"),
        events=_get_strings(item, "events"),
    )


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


def _permission_from_json(item: object) -> UsedPermission:
    return UsedPermission(
        Permission(
            section=Section(_get(item, "section", str)),
            principal=_get(item, "principal", str),
            action=Action(_get(item, "action", str)),
            resource=ArnPattern(_get(item, "resource", str)),
            conditions=Conditions.from_json(_get(item, "conditions", dict)),
            basis=Basis(_get(item, "basis", str)),
            rule=_get_optional(item, "rule"),
            via=_get_optional(item, "via"),
        ),
        _evidence_from_json(item),
        tuple(_widening_from_json(step) for step in _get(item, "widened", list)),
    )


def _widening_from_json(item: object) -> Widening:
    return Widening(
        part=_get(item, "part", str),
        before=_get(item, "from", str),
        after=_get(item, "to", str),
        rule=_get(item, "rule", str),
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


def _denial_from_json(item: object) -> Denial:
    return Denial(
        principal=_get(item, "principal", str),
        action=_get_optional(item, "action"),
        resource=_get_optional(item, "resource"),
        error=_get(item, "error", str),
        cause=_get_optional(item, "cause"),
        read_from=_get(item, "read_from", str),
        evidence=_evidence_from_json(item),
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


def _finding_from_json(item: object) -> Finding:
    return Finding(
        code=_get(item, "code", str),
        message=_get(item, "message", str),
        event_source=_get_optional(item, "event_source"),
        event_name=_get_optional(item, "event_name"),
        count=_get(item, "count", int),
        events=_get_strings(item, "events"),
    )
