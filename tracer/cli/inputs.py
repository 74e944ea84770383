"""Where a command's records, traces and policies come from, and whose run it is."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence, Set
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from tracer.cli.options import ANY, Settings
from tracer.cli.output import deliver, say
from tracer.cli.progress import CountedSource, Reading, is_watched
from tracer.cli.times import window
from tracer.collect.interface import QuerySource, RecordSource
from tracer.collect.runfile import RunFile, load_run_file
from tracer.errors import CollectError, UsageError
from tracer.model.action import Action, InvalidAction
from tracer.model.arn import ArnPattern
from tracer.model.policy import InvalidPolicy, Policy
from tracer.model.run import DeployRun
from tracer.model.trace import InvalidTrace, Trace

if TYPE_CHECKING:
    from tracer.collect.waiting import Delivery

STDIN: Final = "-"
"""The name of standard input among paths."""

_LOOKUP: Final = "lookup"
_TRACE: Final = "trace.json"
_PART: Final = re.compile(r"[1-9][0-9]?")


def open_run(settings: Settings) -> tuple[RecordSource, DeployRun]:
    """The records that the options name, and the run that they ask about.

    With --dry-run, and a source that is asked in SQL, the command ends here: the SQL is its result.

    Raises:
        UsageError: nothing is named, or an option cannot be understood.
    """
    from tracer.collect.open import asks_in_sql, open_source, query_source

    recorded = load_run_file(settings.run) if settings.run else None
    sources = settings.sources or ((_LOOKUP,) if recorded else _piped("--from SOURCE", "--from logs/"))
    if settings.verify:
        _all_in_buckets(sources)
    run = deploy_run(settings, recorded, sources)
    reading = Reading() if is_watched() else None

    def delivered(source: Delivery) -> RecordSource:
        from tracer.collect.waiting import once_delivered

        return once_delivered(source, recorded, settings.longest_wait, say)

    def history(regions: Sequence[str]) -> RecordSource:
        from tracer.collect.cache import default_folder
        from tracer.collect.lookup import LookupSource

        where = regions or (recorded.regions if recorded else ())
        _same_account(recorded, where)
        folder = None if settings.no_cache else Path(settings.cache) if settings.cache else default_folder()
        return delivered(LookupSource(where, folder=folder, tell=say))

    def trail(spec: str) -> RecordSource:
        from tracer.collect.cache import Cache
        from tracer.collect.s3 import S3Source

        cache = Cache.passing() if settings.no_cache else Cache(Path(settings.cache)) if settings.cache else None
        slack, verify = settings.slack, settings.verify
        return delivered(S3Source(spec, slack=slack, cache=cache, verify=verify, tell=say, meter=reading))

    def queried(spec: str) -> QuerySource:
        return query_source(spec, settings.slack, say)

    if settings.dry_run:
        _show_queries([queried(spec).sql(run) for spec in sources if asks_in_sql(spec)], settings)
    source = open_source(sources, run, history, trail, queried, reading, settings.slack)
    return CountedSource(source, reading) if reading else source, run


def _all_in_buckets(sources: Sequence[str]) -> None:
    """Raises UsageError where a source has no digests to check it against: --verify would promise what nobody does."""
    from tracer.collect.trail import SCHEME

    for spec in sources:
        if not spec.startswith(SCHEME):
            raise UsageError(
                f"--verify checks a bucket's log files, and {spec} is no bucket",
                "name the trail's bucket (--from s3://BUCKET), or leave --verify out",
            )


def deploy_run(settings: Settings, recorded: RunFile | None, sources: Sequence[str]) -> DeployRun:
    """What the options ask for; what they leave open, the run file of `--run` says.

    Raises UsageError where the window cannot hold a record.
    """
    return DeployRun(
        principals=_principals(settings, recorded, sources),
        window=window(
            settings.since or (recorded.since if recorded else None),
            settings.until or (recorded.until if recorded else None),
        ),
        regions=settings.regions or (recorded.bounds if recorded else ()),
        accounts=settings.accounts or (recorded.accounts if recorded else ()),
        user_agents=settings.user_agents,
        event_sources=settings.event_sources,
        service=settings.service,
        stage=settings.stage,
    )


def read_traces(paths: Sequence[str]) -> tuple[Trace, ...]:
    """The traces in files or, where none is named, on standard input. Raises UsageError."""
    return tuple(_trace(path) for path in paths or _piped("a trace", "trace.json"))


def read_policies(paths: Sequence[str]) -> tuple[Policy, ...]:
    """The policies in files. Raises UsageError."""
    return tuple(_policy(path) for path in paths)


def read_policy_groups(path: str) -> dict[str, tuple[Policy, ...]]:
    """The policy in a file, under no name; or those in a folder, under the names that their principals have there.

    In a folder the documents are the files that end in `.json`, but for the trace beside them. `NAME-1.json`,
    `NAME-2.json`... without a gap are the documents of one principal, unless there is a `NAME.json`.

    Raises UsageError.
    """
    if not Path(path).is_dir():
        return {"": read_policies([path])}
    files = {file.stem: str(file) for file in sorted(Path(path).glob("*.json")) if file.name != _TRACE}
    if not files:
        raise UsageError(f"{path} holds no policy", "name a file, or a folder that `tracer run -o FOLDER/` wrote")
    groups: dict[str, list[str]] = {}
    for stem, file in files.items():
        groups.setdefault(_whole(stem, files.keys()), []).append(file)
    return {name: read_policies(group) for name, group in groups.items()}


def _whole(stem: str, stems: Set[str]) -> str:
    """The name of the principal whose documents `stem` is one of."""
    name, _, part = stem.rpartition("-")
    if not _PART.fullmatch(part) or name in stems:
        return stem
    return name if all(f"{name}-{number}" in stems for number in range(1, int(part) + 1)) else stem


def asked_for(text: str) -> Action | ArnPattern:
    """The action or the resource, or the pattern of one, that `text` spells. Raises UsageError."""
    if text.startswith("arn:"):
        return ArnPattern(text)
    try:
        return Action(text)
    except InvalidAction as error:
        raise UsageError(
            str(error),
            "write service:Name, a pattern of it, or an ARN: s3:CreateBucket, 's3:Get*', arn:aws:s3:::orders",
        ) from error


def _show_queries(queries: Sequence[str], settings: Settings) -> None:
    """The result of --dry-run, where a source is asked in SQL: the command ends here."""
    if queries:
        deliver(settings.output, [f"{query};\n".encode() for query in queries], "queries.sql")
        raise click.exceptions.Exit(0)


def _principals(settings: Settings, recorded: RunFile | None, sources: Sequence[str]) -> tuple[str, ...]:
    """Who deployed: as asked for; else as recorded; else, for a run or a log of one's own account, whoever asks."""
    if settings.principals:
        return () if ANY in settings.principals else settings.principals
    if recorded and recorded.principal:
        say(f"Principal: {recorded.principal}, as the run {recorded.name} has it. (--principal names another.)")
        return (recorded.principal,)
    if recorded or _LOOKUP in sources:
        regions = settings.regions or (recorded.regions if recorded else ())
        return _caller(regions[0] if regions else None)
    return ()


def _caller(region: str | None) -> tuple[str, ...]:
    """Whose credentials are at hand; without any, every caller, as where nothing is asked."""
    from tracer.collect.caller import caller_arn

    try:
        arn = caller_arn(region=region)
    except CollectError as error:
        say(f"Principal: every caller, for nobody could be asked who calls: {error.message}.")
        return ()
    say(f"Principal: {arn}, whose credentials these are. (--principal names another; `--principal any` every caller.)")
    return (arn,)


def _same_account(recorded: RunFile | None, regions: Sequence[str]) -> None:
    """Raises UsageError where the credentials are known to be of another account than the run: its event history
    shows nothing of it.
    """
    from tracer.collect.caller import identity

    if recorded is None or not recorded.accounts:
        return
    try:
        account = identity(region=regions[0] if regions else None).account
    except CollectError:
        return  # the lookup says what is wrong
    if account not in recorded.accounts:
        raise UsageError(
            f"the run {recorded.name} was in the account {', '.join(recorded.accounts)}, and the credentials at hand "
            f"are of {account}",
            "look up with credentials of the run's account (AWS_PROFILE), or name its trail: --from",
        )


def _trace(path: str) -> Trace:
    try:
        return Trace.from_json(_text(path))
    except InvalidTrace as error:
        raise UsageError(
            f"{_shown(path)}: {error}",
            "give what `tracer reduce` writes, or trace.json in the folder of `tracer run -o FOLDER/`",
        ) from error


def _policy(path: str) -> Policy:
    try:
        return Policy.from_json(_text(path))
    except InvalidPolicy as error:
        raise UsageError(
            f"{_shown(path)}: {error}", "give an IAM policy document in JSON: an object with a Statement"
        ) from error


def _text(path: str) -> str:
    try:
        content = read_stdin() if path == STDIN else Path(path).read_bytes()
        return content.decode("utf-8-sig")
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}", "is the path right, and may you read it?") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{_shown(path)} is not text in UTF-8: {error.reason}") from error


def read_stdin() -> bytes:
    """All of standard input. Raises UsageError where it is closed; OSError."""
    if sys.stdin is None:
        raise UsageError("standard input is closed", "name a file, or pipe it in")
    return sys.stdin.buffer.read()


def _shown(path: str) -> str:
    return "standard input" if path == STDIN else path


def _piped(what: str, example: str) -> tuple[str, ...]:
    """Standard input, where something is connected to it that is not somebody's keyboard."""
    if sys.stdin is None or sys.stdin.closed or sys.stdin.isatty():
        raise UsageError(f"{what} is missing", f"name it ({example}), or pipe it in")
    return (STDIN,)
