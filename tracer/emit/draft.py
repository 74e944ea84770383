"""`draft`: traces -> the policy documents of everybody who made calls, proved against the traces.

The stage in order: the traces become one (`alike`, `union`); the baseline is read and filled (`baseline`); what is to
be ignored is left out, and told (`ignores`); the permissions of each principal are merged with the baseline, the
deployer's alone (`merge`, `build`); actions become wildcards if asked (`compact`); the statements are laid into
documents that fit their quota (`pack`); and the documents of each principal are checked against its permissions
(`check`).
Nothing is written here, and nothing leaves here that failed the check.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from tracer.emit.alike import alike
from tracer.emit.baseline import NONE, Baseline, fill, load
from tracer.emit.boundary import bounded, bounded_baseline
from tracer.emit.check import self_check
from tracer.emit.compact import compacted, wildcards
from tracer.emit.grants import Allows, Grant
from tracer.emit.ignores import LeftOut, load_ignores, sift
from tracer.emit.lines import Line, attributed
from tracer.emit.merge import Merge, Merged, Unused, merge
from tracer.emit.pack import MANAGED_POLICIES_ATTACHED_BY_DEFAULT, Attach, pack
from tracer.emit.remarks import remarks
from tracer.emit.risks import risks
from tracer.emit.union import unite
from tracer.model.arn import Arn
from tracer.model.finding import Finding
from tracer.model.permission import ResourcesMode, Section, UsedPermission
from tracer.model.policy import Policy
from tracer.model.trace import RunFacts, Trace

__all__ = ["Attach", "Document", "Draft", "DraftOptions", "Merge", "Share", "draft"]

_SECTIONS: Final = tuple(Section)
"""The order of the sections: the deployer's comes first."""

_UNSAFE: Final = re.compile(r"[^A-Za-z0-9_.-]")
_LONGEST_NAME: Final = 128
"""No name of IAM is longer (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html); what stands
in a log may be."""


@dataclass(frozen=True, slots=True)
class DraftOptions:
    """How traces become documents; the options of the same names.

    Attributes:
        baseline: the name of a built-in baseline, `none`, or a file.
        merge: how the baseline and the traces become one policy.
        attach: what the documents are for.
        service, stage, regions, accounts: what fills the baseline's placeholders; not given: as the traces have it.
        compact: whether actions become wildcards where these stand for no other action of the table.
        ignore: a file of permissions to leave out, or None.
        boundary: the permissions boundary that roles and users must have to be given something, or None.
        resources: how far names become patterns; emit widens them for `service` alone, where several traces differ.
    """

    baseline: str = "serverless-advanced"
    merge: Merge = Merge.EXTEND
    attach: Attach = Attach.MANAGED
    service: str | None = None
    stage: str | None = None
    regions: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    compact: bool = False
    ignore: str | None = None
    boundary: str | None = None
    resources: ResourcesMode = ResourcesMode.NAMES


@dataclass(frozen=True, slots=True)
class Document:
    """One policy document.

    Attributes:
        section: whose policy it is.
        principal: the principal's ARN, as in the trace.
        lines: its statements, each with where it comes from.
        part: its place among the documents of its principal, from 1.
        parts: how many these are.
        stem: the file's name without part and extension.
    """

    section: Section
    principal: str
    lines: tuple[Line, ...]
    part: int = 1
    parts: int = 1
    stem: str = ""

    @property
    def policy(self) -> Policy:
        """The document as IAM reads it."""
        return Policy(tuple(line.statement for line in self.lines))

    def file_name(self, extension: str) -> str:
        """`deployer.json`, `function-NAME.json`...; with `-1`, `-2`... where the principal needs several documents."""
        return f"{_numbered(self.stem, self.part, self.parts)}.{extension}"


@dataclass(frozen=True, slots=True)
class Share:
    """What one principal gets: its documents, and how its permissions compare with the baseline."""

    section: Section
    principal: str
    merged: Merged
    documents: tuple[Document, ...]


@dataclass(frozen=True, slots=True)
class Draft:
    """The documents, and what a reader has to know to trust them.

    Attributes:
        shares: one for each principal, the deployer's first.
        findings: those of the traces, then those of this stage.
        trace: the traces as one.
        baseline: the filled baseline; `none` where none was merged.
        options: how it was made.
    """

    shares: tuple[Share, ...] = ()
    findings: tuple[Finding, ...] = ()
    trace: Trace = field(default_factory=Trace)
    baseline: Baseline = field(default_factory=Baseline)
    options: DraftOptions = field(default_factory=DraftOptions)

    @property
    def documents(self) -> tuple[Document, ...]:
        """All documents, the deployer's first."""
        return tuple(document for share in self.shares for document in share.documents)

    @property
    def policies(self) -> tuple[Policy, ...]:
        """The policies of `documents`."""
        return tuple(document.policy for document in self.documents)

    @property
    def already(self) -> tuple[UsedPermission, ...]:
        """The deployer's permissions that the baseline allows."""
        return tuple(used for share in self._deployers() for used in share.merged.already)

    @property
    def added(self) -> tuple[UsedPermission, ...]:
        """The deployer's permissions that it does not allow."""
        return tuple(used for share in self._deployers() for used in share.merged.added)

    @property
    def unused(self) -> tuple[Unused, ...]:
        """What the baseline holds beyond the deployer's permissions."""
        return tuple(unused for share in self._deployers() for unused in share.merged.unused)

    def _repr_html_(self) -> str:
        """What JupyterLab shows."""
        from tracer.report.notebook import draft_html

        return draft_html(self)

    def _deployers(self) -> Iterator[Share]:
        return (share for share in self.shares if share.section is Section.DEPLOYER)


def draft(traces: Iterable[Trace], options: DraftOptions) -> Draft:
    """The documents for all principals of `traces`.

    Raises:
        UsageError: the baseline cannot be read or filled, the file of ignores cannot be read, or the boundary is no
            policy's ARN.
        EmitError: there is no trace, the run used another boundary, or the documents cannot fit their quota.
        SelfCheckFailed: a bug in tracer: the documents do not hold what the traces hold, or hold more.
    """
    traces, alike_findings = _alike(tuple(traces), options)
    trace = unite(traces)
    values = _values(traces, trace.run, options)
    baseline = _baseline(values, trace.run, options)
    kept, left_out = sift(trace.permissions, load_ignores(options.ignore) if options.ignore else ())
    if options.boundary:
        kept = bounded(kept, options.boundary)
    shares = _named(
        [
            _share(section, principal, permissions, baseline if section is Section.DEPLOYER else Baseline(), options)
            for (section, principal), permissions in _owners(kept, trace.run, baseline).items()
        ]
    )
    findings = (
        *trace.findings,
        *alike_findings,
        *_ignored(left_out, shares),
        *_findings(shares, baseline, values, options),
    )
    return Draft(shares, tuple(dict.fromkeys(findings)), trace, baseline, options)


def _alike(traces: tuple[Trace, ...], options: DraftOptions) -> tuple[tuple[Trace, ...], tuple[Finding, ...]]:
    """`traces`, with what several runs have in common as patterns, if that is asked for; and what became one."""
    return alike(traces) if options.resources is ResourcesMode.SERVICE else (traces, ())


def _baseline(values: Mapping[str, tuple[str, ...]], run: RunFacts, options: DraftOptions) -> Baseline:
    # `observed` merges nothing, so a baseline that could not be filled does no harm there.
    name = NONE if options.merge is Merge.OBSERVED else options.baseline
    baseline = fill(load(name), values, run.partition)
    if not options.boundary:
        return baseline
    statements = bounded_baseline(baseline.policy.statements, options.boundary)
    return replace(baseline, policy=replace(baseline.policy, statements=statements))


def _values(traces: Sequence[Trace], run: RunFacts, options: DraftOptions) -> Mapping[str, tuple[str, ...]]:
    """What fills the placeholders."""
    services = (options.service,) if options.service else tuple(trace.run.service for trace in traces)
    stages = (options.stage,) if options.stage else tuple(trace.run.stage for trace in traces)
    return {
        "region": tuple(dict.fromkeys(options.regions)) or run.regions,
        "account_no": tuple(dict.fromkeys(options.accounts)) or run.accounts,
        "service_name": tuple(sorted({service for service in services if service})),
        "stage": tuple(sorted({stage for stage in stages if stage})),
    }


def _owners(
    permissions: Iterable[UsedPermission], run: RunFacts, baseline: Baseline
) -> dict[tuple[Section, str], list[UsedPermission]]:
    """Whose permissions are whose, in the order of the documents."""
    owners: dict[tuple[Section, str], list[UsedPermission]] = {}
    for used in permissions:
        owners.setdefault((used.permission.section, used.permission.principal), []).append(used)
    if not owners and baseline.policy.statements:
        # The deployer needed nothing that is known of: what the baseline says of him still holds.
        owners = {(Section.DEPLOYER, principal): [] for principal in run.principals}
    return dict(sorted(owners.items(), key=lambda item: (_SECTIONS.index(item[0][0]), item[0][1])))


def _share(
    section: Section, principal: str, permissions: Sequence[UsedPermission], baseline: Baseline, options: DraftOptions
) -> Share:
    whose = f"the policy of {principal} ({section})"
    statements = baseline.policy.statements
    merged = merge(permissions, statements, options.merge)
    lines_ = compacted(merged.lines, statements) if options.compact else merged.lines
    packed = pack(lines_, options.attach, whose)
    # A permission may be needed by statements of several documents: attribution looks at all of them together.
    lines = iter(attributed([line for lines in packed for line in lines], permissions))
    documents = tuple(
        Document(section, principal, tuple(next(lines) for _ in piece), part, len(packed))
        for part, piece in enumerate(packed, 1)
    )
    self_check(
        [document.policy for document in documents],
        [used.permission for used in permissions],
        statements,
        [blocked.used.permission for blocked in merged.blocked],
        whose=whose,
    )
    return Share(section, principal, merged, documents)


def _findings(
    shares: Sequence[Share], baseline: Baseline, values: Mapping[str, tuple[str, ...]], options: DraftOptions
) -> Iterator[Finding]:
    for share in shares:
        if share.section is Section.DEPLOYER:
            yield from remarks(baseline, share.merged, options.merge, values["service_name"])
        yield from risks((document.policy for document in share.documents), share.principal)
        if options.compact:
            yield from wildcards(share.merged.lines, [line for document in share.documents for line in document.lines])
        if options.attach is Attach.MANAGED and len(share.documents) > MANAGED_POLICIES_ATTACHED_BY_DEFAULT:
            yield Finding(
                "NOT_EXPRESSIBLE",
                f"the policy of {share.principal} needs {len(share.documents)} managed policies, and AWS attaches "
                f"{MANAGED_POLICIES_ATTACHED_BY_DEFAULT} unless the quota is raised "
                "(https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html)",
            )


def _ignored(left_out: Iterable[LeftOut], shares: Sequence[Share]) -> Iterator[Finding]:
    """What was left out as asked, and what of it is granted all the same."""
    allows = {
        (share.section, share.principal): Allows(
            line.statement for document in share.documents for line in document.lines
        )
        for share in shares
    }
    for one in left_out:
        granted = [
            used
            for used in one.permissions
            if (owner := allows.get((used.permission.section, used.permission.principal)))
            and owner.grant(Grant.of(used.permission))
        ]
        yield one.finding(granted)


def _named(shares: Sequence[Share]) -> tuple[Share, ...]:
    """`shares`, each document with its file's stem; no two files have the same name, even where case does not count."""
    alone = sum(share.section is Section.DEPLOYER for share in shares) == 1
    choices = [_stems(share, alone) for share in shares]
    level = [0] * len(shares)
    while clashing := [place for place in _clashing(shares, choices, level) if level[place] + 1 < len(choices[place])]:
        for place in clashing:
            level[place] += 1
    stems = [choice[taken] for choice, taken in zip(choices, level, strict=True)]
    return tuple(
        replace(share, documents=tuple(replace(document, stem=stem) for document in share.documents))
        for share, stem in zip(shares, stems, strict=True)
    )


def _stems(share: Share, alone: bool) -> tuple[str, ...]:
    """Stems for a share's files, the first that is no other's to be taken: by name, by account, by the whole ARN."""
    arn = Arn.find(share.principal)
    name = _UNSAFE.sub("_", re.split("[/:]", share.principal)[-1])[:_LONGEST_NAME]
    stem = "deployer" if share.section is Section.DEPLOYER and alone else f"{share.section}-{name}"
    account = _UNSAFE.sub("_", arn.account)[:_LONGEST_NAME] if arn else ""
    by_account = f"{stem}-{account}" if account else stem
    digest = hashlib.sha256(share.principal.encode("utf-8", "backslashreplace")).hexdigest()
    return (stem, by_account, f"{by_account}-{digest[:8]}")


def _clashing(shares: Sequence[Share], choices: Sequence[tuple[str, ...]], level: Sequence[int]) -> list[int]:
    owners: dict[str, list[int]] = {}
    for place, share in enumerate(shares):
        for document in share.documents:
            name = _numbered(choices[place][level[place]], document.part, document.parts)
            owners.setdefault(name.lower(), []).append(place)
    return sorted({place for places in owners.values() if len(places) > 1 for place in places})


def _numbered(stem: str, part: int, parts: int) -> str:
    return f"{stem}-{part}" if parts > 1 else stem
