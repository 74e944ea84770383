"""The options that all commands share: declared once, with their defaults, and read into one value, `Settings`.

Every command takes them all and ignores what is not its own, so that the same options can stand behind each part of
`tracer collect | tracer reduce | tracer emit`. A command is a function from `Settings` to an exit code:

    @command("tracer reduce --from logs/ > trace.json")
    def reduce(settings: Settings) -> int:
        ...
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any, Final

import click

from tracer.cli.completion import FileName, baselines, recorded_runs
from tracer.cli.times import Clock, length, moment
from tracer.emit.draft import Attach, DraftOptions, Merge
from tracer.emit.format import FORMATS
from tracer.model.finding import Finding, Severity
from tracer.model.permission import ResourcesMode
from tracer.model.run import TraceOptions
from tracer.reference import inferred_rules

ANY: Final = "any"
"""`--principal any`: every caller, on purpose."""

_TEXT: Final = click.types.StringParamType()


@dataclass(frozen=True, slots=True)
class Settings:
    """What the shared options say. The defaults stand with the options, in SHARED.

    Attributes:
        principals: as given, `any` included.
        since, until: resolved, in UTC.
        output: the path as typed: a `/` at its end says that it is a folder.
        evidence: None is `all`.
        Others: the option of that name.
    """

    sources: tuple[str, ...]
    run: str | None
    wait: timedelta
    no_wait: bool
    dry_run: bool
    slack: timedelta
    verify: bool
    cache: str | None
    no_cache: bool
    principals: tuple[str, ...]
    since: datetime | None
    until: datetime | None
    regions: tuple[str, ...]
    accounts: tuple[str, ...]
    user_agents: tuple[str, ...]
    event_sources: tuple[str, ...]
    resources: ResourcesMode
    service: str | None
    stage: str | None
    no_inferred: bool
    commands: tuple[str, ...]
    lifecycle: bool
    include_denied: bool
    baseline: str
    merge: Merge
    attach: Attach
    compact: bool
    boundary: str | None
    ignore: str | None
    format: str
    evidence: int | None
    output: str | None
    strict: bool

    @classmethod
    def read(cls, values: Mapping[str, Any], now: datetime) -> Settings:
        """The shared ones among click's `values`. Raises UsageError for a time that is none."""
        shared = {field.name: values[field.name] for field in fields(cls)}
        read: dict[str, Any] = {
            "since": _moment("--since", shared["since"], now),
            "until": _moment("--until", shared["until"], now),
            "wait": length(shared["wait"], "--wait"),
            "slack": length(shared["slack"], "--slack"),
            "resources": ResourcesMode(shared["resources"]),
            "merge": Merge(shared["merge"]),
            "attach": Attach(shared["attach"]),
            "evidence": None if shared["evidence"] == "all" else shared["evidence"],
        }
        return cls(**shared | read)

    @property
    def longest_wait(self) -> timedelta:
        """How long to wait for a recorded run's records."""
        return timedelta() if self.no_wait else self.wait

    def exit_code(self, findings: Iterable[Finding]) -> int:
        """1 where --strict is given and one of `findings` asks for somebody's eyes, else 0."""
        return int(self.strict and any(finding.severity is not Severity.NOTE for finding in findings))

    def trace_options(self) -> TraceOptions:
        """How records become a trace."""
        return TraceOptions(
            resources=self.resources,
            inferred=not self.no_inferred,
            commands=self.commands,
            lifecycle=self.lifecycle,
            include_denied=self.include_denied,
            evidence=self.evidence,
        )

    def draft_options(self) -> DraftOptions:
        """How traces become documents."""
        return DraftOptions(
            baseline=self.baseline,
            merge=self.merge,
            attach=self.attach,
            service=self.service,
            stage=self.stage,
            regions=self.regions,
            accounts=self.accounts,
            compact=self.compact,
            boundary=self.boundary,
            ignore=self.ignore,
            resources=self.resources,
        )


def _moment(option: str, text: str | None, now: datetime) -> datetime | None:
    return None if text is None else moment(text, now, option)


def _evidence(value: object) -> int | str:
    """`--evidence`: a number, or `all` as it is, for click reads None as nothing given."""
    text = str(value)
    if text == "all":
        return text
    if not (text.isascii() and text.isdigit()):
        raise click.BadParameter(f"{text!r} is neither a number nor `all`")
    return int(text)


def _commands(value: object) -> tuple[str, ...]:
    """`--commands`: names of the Serverless Framework's commands, joined by commas; nothing is none."""
    names = tuple(filter(None, (name.strip() for name in str(value).split(","))))
    known = [command.name for command in inferred_rules.commands()] if names else []
    for name in names:
        if name not in known:
            raise click.BadParameter(f"{name!r} is no command that is known here: {', '.join(known)}")
    return names


def _text(
    option: str, metavar: str, help_: str, *, default: str | None = None, type_: click.types.StringParamType = _TEXT
) -> click.Option:
    shown = default is not None
    return click.Option([option], metavar=metavar, type=type_, default=default, show_default=shown, help=help_)


def _many(
    option: str, name: str, metavar: str, help_: str, *, type_: click.types.StringParamType = _TEXT
) -> click.Option:
    return click.Option([option, name], metavar=metavar, type=type_, multiple=True, help=f"{help_} Repeatable.")


def _flag(option: str, help_: str) -> click.Option:
    return click.Option([option], is_flag=True, help=help_)


def _choice(option: str, choices: Iterable[str], default: str, help_: str) -> click.Option:
    names = [str(choice) for choice in choices]
    return click.Option(
        [option], type=click.Choice(names), metavar="WORD", default=str(default), show_default=True, help=help_
    )


SHARED: Final[Mapping[str, Sequence[click.Option]]] = {
    "Which records": (
        _many(
            "--from", "sources", "SOURCE",
            "Where the CloudTrail records are: a file, a folder, `-` for stdin, s3://BUCKET/PREFIX, where a trail "
            "delivers its log files, `lookup`, the account's event history of the last 90 days, "
            "athena:[WORKGROUP@]DATABASE.TABLE, or lake:EVENT-DATA-STORE. Several are read as one.",
            type_=FileName(),
        ),
        _text(
            "--run", "NAME|FILE",
            "A recorded run, .tracer/runs/NAME.json: who deployed, when, and where. Without --from its records are "
            "looked up.",
            type_=FileName(recorded_runs),
        ),
        _text(
            "--wait", "TIME",
            "How long to wait at most until CloudTrail has delivered all of a recorded run, to the event history or to "
            "a trail's bucket: 90s, 20m, 1h.",
            default="20m",
        ),
        _flag("--no-wait", "Take what is there now."),
        _flag("--dry-run", "Print the SQL that Athena or CloudTrail Lake would be asked, and run nothing."),
        _text(
            "--slack", "TIME",
            "How long after --until a trail's log files are still read, for CloudTrail delivers late: 90m, 1h.",
            default="1h",
        ),
        _flag("--verify", "Check a bucket's log files against the trail's digests; what was altered does not count."),
        _text(
            "--cache", "DIR",
            "Where a bucket's log files are kept, and for a day what was looked up, so that nothing is fetched twice. "
            "Not given: $XDG_CACHE_HOME/tracer, or ~/.cache/tracer.",
            type_=FileName(),
        ),
        _flag("--no-cache", "Keep nothing of that when the command has ended."),
        _many(
            "--principal", "principals", "ARN",
            "Who deployed: an IAM user, a role (all its sessions), one session, or the account's root. Not given, or "
            "`any`: every caller.",
        ),
        _text(
            "--since", "TIME",
            "The first moment of the deploy: 2026-11-24T08:00:00Z (UTC where no zone is named), -2h, now-1h, now.",
        ),
        _text("--until", "TIME", "The moment after its last, written like --since."),
        _many(
            "--region", "regions", "REGION",
            "Where the deploy went: records of other regions are left out, but those of global services (IAM, STS, "
            "CloudFront...) never. Fills <region> in the baseline.",
        ),
        _many(
            "--account", "accounts", "ID",
            "The account it went to: records of others are left out. Fills <account_no> in the baseline.",
        ),
        _many(
            "--user-agent", "user_agents", "TEXT",
            "Only direct calls whose user agent holds this text; upper and lower case differ.",
        ),
        _many(
            "--event-source", "event_sources", "TEXT",
            "Only calls whose event source (s3.amazonaws.com) holds this text.",
        ),
    ),
    "Which resources": (
        _choice(
            "--resources", ResourcesMode, ResourcesMode.NAMES,
            "exact: ARNs as seen. names: generated ids and suffixes become `*`. service: names that begin with the "
            "service become patterns, as the baseline has them.",
        ),
        _text("--service", "NAME", "The Serverless service; where not given, read from the run's stack."),
        _text("--stage", "NAME", "The Serverless stage; where not given, read from the run's stack."),
        _flag("--no-inferred", "Leave out what a default trail does not log and the recorded commands imply."),
        click.Option(
            ["--commands"], type=_commands, metavar="NAMES", default="",
            help="The Serverless commands that the policy is for, joined by commas: deploy,remove,logs,invoke. Not "
            "given: those that the records show.",
        ),
        _flag("--lifecycle", "Add what updating and removing the resources needs that the run created."),
        _flag("--include-denied", "Add the permissions of the calls that AWS denied, marked as such."),
    ),
    "Policy": (
        _text(
            "--baseline", "NAME|FILE",
            "The policy to start from: serverless-advanced, serverless-simple, none, or a file. It is merged into the "
            "deployer's policy alone.",
            default="serverless-advanced",
            type_=FileName(baselines),
        ),
        _choice(
            "--merge", Merge, Merge.EXTEND,
            "extend: the whole baseline, and what was observed outside it. tighten: the baseline narrowed to what was "
            "observed, and what was observed outside it. observed: no baseline.",
        ),
        _choice(
            "--attach", Attach, Attach.MANAGED,
            "What the documents are for: managed policies, or the inline policies of a role, a user or a group. They "
            "must fit its size quota.",
        ),
        _flag(
            "--compact",
            "Write wildcards for actions (ec2:Describe*) where they stand for no other action of the action table.",
        ),
        _text(
            "--ignore", "FILE",
            "Permissions to leave out, each with a reason, in JSON or TOML: action, resource (optional), reason.",
            type_=FileName(),
        ),
        _text(
            "--boundary", "ARN",
            "A permissions boundary: roles and users can be made and given permissions only where they have it.",
        ),
    ),
    "Output": (
        _choice("--format", FORMATS, "json", f"How the documents are written: {', '.join(FORMATS)}."),
        click.Option(
            ["--evidence"], type=_evidence, metavar="N|all", default=3, show_default=True,
            help="How many event IDs each permission keeps, or `all`.",
        ),
        click.Option(
            ["-o", "output"], metavar="PATH", type=FileName(),
            help="A file, or a folder (it exists, or the path ends in /) that gets all documents. Not given: stdout.",
        ),
        _flag(
            "--strict",
            "Exit with 1 where a finding says that the policy cannot be trusted (error) or that somebody must look "
            "(warning).",
        ),
    ),
}  # fmt: skip
"""The shared options under their headings in --help."""


class Command(click.Command):
    """A command with the shared options beside its own. Its function returns the exit code."""

    def __init__(self, function: Callable[..., int], examples: Sequence[str], own: Sequence[click.Parameter]) -> None:
        shared = [option for options in SHARED.values() for option in options]
        super().__init__(function.__name__, callback=function, help=function.__doc__, params=[*own, *shared])
        self.function = function
        self.examples = tuple(examples)
        self.own = tuple(own)

    def invoke(self, ctx: click.Context) -> object:
        """Call the function and exit with what it returns."""
        clock: Clock = ctx.obj
        settings = Settings.read(ctx.params, clock())
        own = {parameter.name: ctx.params[parameter.name] for parameter in self.own if parameter.name}
        ctx.exit(self.function(settings, **own))

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """What the command is for, and how it is called."""
        super().format_help_text(ctx, formatter)
        with formatter.section("Example" if len(self.examples) == 1 else "Examples"):
            for example in self.examples:
                formatter.write(f"{'':{formatter.current_indent}}{example}\n")

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The command's own options first, then the shared ones under their headings."""
        own = [parameter for parameter in self.own if isinstance(parameter, click.Option)]
        asking = [parameter for parameter in [self.get_help_option(ctx)] if parameter]
        sections = {
            heading: [row for option in options if (row := option.get_help_record(ctx))]
            for heading, options in {f"Of {self.name} alone": own, **SHARED, "Help": asking}.items()
        }
        width = max(len(names) for rows in sections.values() for names, _ in rows)
        for heading, rows in sections.items():
            if rows:
                with formatter.section(heading):
                    formatter.write_dl([(names.ljust(width), text) for names, text in rows])

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Why there are options here that the command makes no use of."""
        formatter.write_paragraph()
        formatter.write_text("All commands take these options, and each ignores what is not its own.")


def command(*examples: str, own: Sequence[click.Parameter] = ()) -> Callable[[Callable[..., int]], Command]:
    """Make a command of a function: its name, its docstring as help, its own parameters, and all of SHARED."""
    return lambda function: Command(function, examples, own)
