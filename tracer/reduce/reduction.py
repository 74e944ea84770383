"""`Reduction`: the lines, findings and accounting of one trace, as they grow call by call in the second pass."""

from __future__ import annotations

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Hashable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from tracer.model.finding import Finding
from tracer.model.permission import Basis, Permission, Section, UsedPermission, Widening
from tracer.model.record import Record, Unreadable
from tracer.model.run import DeployRun, TraceOptions
from tracer.model.trace import Accounting, RunFacts, Trace
from tracer.reduce import denials, lifecycle
from tracer.reduce.actions import NoPermission, Unknown
from tracer.reduce.attribution import Members
from tracer.reduce.beside import beside
from tracer.reduce.callers import partition_of_region
from tracer.reduce.calls import Call
from tracer.reduce.filters import GLOBAL_SERVICES
from tracer.reduce.fold import Fold, Tally
from tracer.reduce.generalize import Generalizer
from tracer.reduce.inferred import Deduction, stack_roles
from tracer.reduce.inventory import Inventory
from tracer.reduce.mapping import Mapped, map_record
from tracer.reduce.parse import time_text
from tracer.reduce.select import Binned, Selected
from tracer.reference import generated, inferred_rules

_ALL_OF_A_KIND: Final = re.compile(r"/?[A-Za-z0-9-]+[/:]\*")
"""A resource part of which only the kind is left: `vpc/*`, `/restapis/*`."""

_REMEMBERED: Final = 8_192
"""How many outcomes are remembered: some 300 bytes each."""

_USES_REMEMBERED: Final = 2_048
"""Of how many needs it is remembered where they are counted: some 3 KB each."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a call of the run came to.

    Attributes:
        bin: where its records end.
        tallies: where they are counted.
        place: account, region and partition; a global service's region says nothing about the deploy's own.
    """

    bin: str
    tallies: tuple[Tally, ...]
    place: tuple[str | None, str | None, str]


class Reduction:
    """The lines and the accounting of one trace, as they grow."""

    def __init__(self, run: DeployRun, options: TraceOptions, members: Members, inventory: Inventory) -> None:
        self._run = run
        self._options = options
        self._members = members
        self._inventory = inventory
        self._fold = Fold(options.evidence)
        self._deduction = Deduction(options.commands)
        self._remarks: set[Finding] = set()
        self._outcomes: dict[bytes, Outcome] = {}
        self._uses: dict[Hashable, tuple[Tally, ...]] = {}
        self._bins: Counter[str] = Counter()
        self._places: Counter[tuple[str | None, str | None, str]] = Counter()
        self._service, self._stages = _service_and_stages(run, members)
        self._generalize = Generalizer(options.resources, self._service, self._stages, members.stacks, inventory.made)

    def add(self, item: Selected | Binned) -> None:
        """Count one record, and what it needed."""
        if isinstance(item, Binned):
            self._bins[item.bin] += 1
            if isinstance(item.reading, Unreadable):
                self._note(item.reading)
            return
        call, key, section, _ = item
        outcome = call.outcome
        if outcome is None or call.outcome_of != (self, section):
            outcome = call.outcome = self._outcome_of_equals(call, section)
            call.outcome_of = self, section
        self._bins[outcome.bin] += 1
        self._places[outcome.place] += 1
        for tally in outcome.tallies:
            tally.add(key)

    def _note(self, unreadable: Unreadable) -> None:
        """Count what is no record, under the ids of some that have one."""
        tally = self._fold.finding(Finding("UNREADABLE_RECORD", f"{unreadable.reason} ({unreadable.location})"))
        if unreadable.event_id:
            tally.add(("", unreadable.event_id))
        else:
            tally.count += 1

    def _outcome_of_equals(self, call: Call, section: Section) -> Outcome:
        """What a call needed: as that of another one which says the same and was made with another tool."""
        tools = [agent.rule for agent in inferred_rules.agents() if agent.is_of(call.service, call.user_agent)]
        said = repr((call.said, call.kind, call.via, tools, section.value))
        key = hashlib.blake2b(said.encode("utf-8", "surrogatepass"), digest_size=16).digest()
        outcome = self._outcomes.get(key)
        if outcome is None:
            if len(self._outcomes) == _REMEMBERED:
                self._outcomes.clear()
            outcome = self._outcomes[key] = self._outcome(call, section)
        return outcome

    def _outcome(self, call: Call, section: Section) -> Outcome:
        """What a call of the run needed: its lines, permissions, denials and findings, are in the fold."""
        record = call.record
        region = None if record.service in GLOBAL_SERVICES else record.aws_region
        place = record.account, region, partition_of_region(record.aws_region)
        mapped = map_record(record, self._inventory)
        if isinstance(mapped, NoPermission):
            return Outcome("no_permission_needed", (), place)
        principal = self._principal(call)
        if call.denied:
            return Outcome("denied", tuple(self._deny(record, principal, section, mapped)), place)
        if isinstance(mapped, Unknown):
            return Outcome("unmapped", (self._find(record, "UNKNOWN_ACTION", mapped.reason),), place)
        if self._options.inferred:
            self._deduction.note(section, principal, record)
        return Outcome("used", self._use(record, principal, section, mapped), place)

    def _use(
        self, record: Record, principal: str, section: Section, mapped: Mapped, basis: Basis | None = None
    ) -> tuple[Tally, ...]:
        """Where a call is counted that needed all this: calls of one event that needed the same have the same lines."""
        use = record.event_source, record.event_name, record.via, principal, section, mapped, basis
        tallies = self._uses.get(use)
        if tallies is None:
            if len(self._uses) == _USES_REMEMBERED:
                self._uses.clear()
            tallies = self._uses[use] = tuple(self._lines(record, principal, section, mapped, basis))
        return tallies

    def _lines(
        self, record: Record, principal: str, section: Section, mapped: Mapped, basis: Basis | None
    ) -> Iterator[Tally]:
        lines: dict[Permission, tuple[Widening, ...]] = {}
        for check in mapped.checks:
            pattern, widened = self._generalize(check.resource.pattern)
            permission = Permission(
                section=section,
                principal=principal,
                action=check.action,
                resource=pattern,
                conditions=self._generalize.conditions(check.conditions),
                basis=basis or check.basis,
                rule=check.rule,
                via=record.via,
            )
            lines[permission] = lines.get(permission, ()) + check.resource.widened + widened
        for permission, steps in lines.items():
            yield self._fold.permission(permission, steps)
        for doubt in mapped.doubts:
            yield self._find(record, doubt.code, doubt.message)

    def _deny(self, record: Record, principal: str, section: Section, mapped: Mapped | Unknown) -> Iterator[Tally]:
        for denial in denials.denials_of(record, principal, mapped):
            yield self._fold.denial(denial)
        if self._options.include_denied:
            needed = denials.needed_by(record, mapped)
            yield from self._use(record, principal, section, needed, Basis.DENIED)
        for code, message in denials.remarks_on(record, mapped):
            yield self._find(record, code, message)

    def _infer(self) -> None:
        """Add what the records imply and do not hold."""
        gaps: set[str] = set()
        roles = stack_roles(used.permission for used in self._fold.known())
        for line in (*self._deduction.lines(), *roles, *beside(self._fold.known())):
            resource, widened = self._generalize(line.resource)
            permission = Permission(
                line.section,
                line.principal,
                line.action,
                resource,
                line.conditions,
                Basis.INFERRED,
                line.rule,
            )
            if self._fold.inferred(permission, line.widened + widened):
                gaps.add(line.unlogged)
                if line.doubt:
                    self._remarks.add(Finding("WILDCARD_RESOURCE", f"{line.doubt}, so it stands on {resource}"))
        if gaps:
            named = ", ".join(sorted(gap for gap in gaps if gap))
            missing = f": the trail logs no such calls of {named}" if named else ""
            self._remarks.add(
                Finding("COVERAGE_GAP", f"some permissions are inferred, and no record stands behind them{missing}")
            )

    def _principal(self, call: Call) -> str:
        """The ARN that the caller's policy is attached to; a role's path may stand in another record alone."""
        principal, path_known = call.kind.principal, call.kind.path_known
        if principal is None or path_known:
            return principal or ""
        head, _, name = principal.rpartition("/")
        full = self._inventory.full_name(principal.split(":")[4], "role/", name)
        return f"{head}/{full}" if full else principal

    def _find(self, record: Record, code: str, message: str) -> Tally:
        return self._fold.finding(Finding(code, message, record.event_source, record.event_name))

    @property
    def lacks_names(self) -> bool:
        """Whether calls left a name open that no record shows."""
        return self._inventory.lacks

    def skip(self, count: int) -> None:
        """Count records of other principals that nobody decoded."""
        self._bins["other_principal"] += count

    def note_conflicts(self, conflicts: Collection[str]) -> None:
        """Report the eventIDs that stood over different contents."""
        for event_id in sorted(conflicts):
            message = "records of one eventID differ; the one with the smaller canonical JSON counts"
            self._fold.finding(Finding("CONFLICTING_DUPLICATE", message)).add(("", event_id))

    def accounting(self) -> Accounting:
        """Where the records ended so far."""
        return Accounting(**self._bins)

    def trace(self, source_findings: tuple[Finding, ...]) -> Trace:
        """The trace of all that was added. Called once."""
        if self._options.inferred:
            self._infer()
        run, permissions = self._facts(), self._fold.permissions()
        findings = [*self._fold.findings(), *self._remarks, *source_findings]
        if self._options.lifecycle:
            permissions = lifecycle.complete(permissions, run)
            findings += lifecycle.remarks(permissions)
        findings += self._run_findings(permissions)
        return Trace(
            run=run,
            permissions=permissions,
            denied=self._fold.denied(),
            findings=tuple(sorted(findings, key=lambda finding: finding.sort_key)),
            accounting=self.accounting(),
        )

    def _facts(self) -> RunFacts:
        window = self._run.window
        accounts = {account for account, _, _ in self._places if account}
        regions = {region for _, region, _ in self._places if region}
        partitions: Counter[str] = Counter()
        for (_, _, partition), count in self._places.items():
            partitions[partition] += count
        return RunFacts(
            principals=self._run.principals,
            since=time_text(window.since) if window.since else None,
            until=time_text(window.until) if window.until else None,
            accounts=self._run.accounts or tuple(sorted(accounts)),
            regions=self._run.regions or tuple(sorted(regions)),
            partition=min(partitions, key=lambda name: (-partitions[name], name), default="aws"),
            service=self._service,
            stage=self._stages[0] if len(self._stages) == 1 else None,
            stacks=self._members.stacks,
        )

    def _run_findings(self, permissions: tuple[UsedPermission, ...]) -> Iterator[Finding]:
        if self._members.several:
            yield Finding(
                "SEVERAL_PRINCIPALS",
                "several principals made direct calls, and none was asked for: each has a policy of its own, without "
                "the baseline. Name the deployer with --principal",
            )
        for identity in self._members.ambiguous:
            yield Finding(
                "AMBIGUOUS_RUN",
                f"several credentials of {identity} made calls at the same time, so that two runs may be mixed: narrow "
                "them with --since, --until or --user-agent, or deploy with a session name of its own",
            )
        for service, resources in sorted(_starred(permissions).items()):
            yield Finding(
                "GENERATED_ID",
                f"{service}: AWS generates these ids anew, so a * stands in their place, for all resources of their "
                f"kind: {', '.join(sorted(resources))}",
            )
        staged = {
            line.permission.resource.text
            for line in permissions
            if any(step.rule == "several-stages" for step in line.widened)
        }
        if staged:
            yield Finding(
                "SEVERAL_RUNS",
                f"names of the stages {', '.join(self._stages)} became patterns, good for all stages: "
                f"{', '.join(sorted(staged))}",
            )
        roots = {line.permission.principal for line in permissions if line.permission.principal.endswith(":root")}
        for root in sorted(roots):
            yield Finding("ROOT_CALLER", f"{root} made calls: no identity policy limits an account's root user")


def _starred(permissions: Iterable[UsedPermission]) -> dict[str, set[str]]:
    """By service, the resources (`vpc/*`) of which nothing but their kind is left: calls named them by ids that AWS
    generated, or they are deduced and have no id yet.
    """
    starred: defaultdict[str, set[str]] = defaultdict(set)
    for line in permissions:
        resource = line.permission.resource.resource
        rules = {step.rule for step in line.widened if step.after == "*"}
        deduced = line.permission.basis is Basis.INFERRED and "new-resource" in rules
        if (deduced or rules & generated.names()) and _ALL_OF_A_KIND.fullmatch(resource):
            starred[line.permission.action.service].add(resource)
    return dict(starred)


def _service_and_stages(run: DeployRun, members: Members) -> tuple[str | None, tuple[str, ...]]:
    """What was asked for, else what the run's stacks show: Serverless names them SERVICE-STAGE and tags them STAGE
    (serverless 3.40, lib/plugins/aws/lib/naming.js).
    """
    stages = (run.stage,) if run.stage else members.stages
    if run.service:
        return run.service, stages
    ends = tuple(f"-{stage}" for stage in stages)
    services = {stack.removesuffix(end) for stack in members.stacks for end in ends if stack.endswith(end)}
    return (services.pop() if len(services) == 1 else None), stages
