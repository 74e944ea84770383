"""Where a command's records, traces and policies come from, and whose run it is."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tracer.cli.options import ANY, Settings
from tracer.cli.output import say
from tracer.cli.times import window
from tracer.collect.interface import RecordSource
from tracer.collect.runfile import RunFile, load_run_file
from tracer.errors import CollectError, UsageError
from tracer.model.action import Action, InvalidAction
from tracer.model.policy import InvalidPolicy, Policy
from tracer.model.run import DeployRun
from tracer.model.trace import InvalidTrace, Trace

STDIN: Final = "-"
"""The name of standard input among paths."""

_LOOKUP: Final = "lookup"


def open_run(settings: Settings) -> tuple[RecordSource, DeployRun]:
    """The records that the options name, and the run that they ask about.

    Raises:
        UsageError: nothing is named, or an option cannot be understood.
    """
    from tracer.collect.open import open_source

    sources = settings.sources or _piped("--from SOURCE", "--from logs/")
    run = deploy_run(settings, sources)
    return open_source(sources, run), run


def deploy_run(settings: Settings, sources: Sequence[str]) -> DeployRun:
    """What the options ask for; what they leave open, the run file of `--run` says.

    Raises UsageError where the run file cannot be read, or the window cannot hold a record.
    """
    recorded = load_run_file(settings.run) if settings.run else None
    return DeployRun(
        principals=_principals(settings, recorded, sources),
        window=window(
            settings.since or (recorded.since if recorded else None),
            settings.until or (recorded.until if recorded else None),
        ),
        regions=settings.regions or (recorded.regions if recorded else ()),
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


def action_pattern(text: str) -> Action:
    """The action or pattern of actions that `text` spells. Raises UsageError."""
    try:
        return Action(text)
    except InvalidAction as error:
        raise UsageError(str(error), "write service:Name, or a pattern: s3:CreateBucket, 's3:Get*'") from error


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
        content = sys.stdin.buffer.read() if path == STDIN else Path(path).read_bytes()
        return content.decode("utf-8-sig")
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}", "is the path right, and may you read it?") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{_shown(path)} is not text in UTF-8: {error.reason}") from error


def _shown(path: str) -> str:
    return "standard input" if path == STDIN else path


def _piped(what: str, example: str) -> tuple[str, ...]:
    """Standard input, where something is connected to it that is not somebody's keyboard."""
    if sys.stdin is None or sys.stdin.closed or sys.stdin.isatty():
        raise UsageError(f"{what} is missing", f"name it ({example}), or pipe it in")
    return (STDIN,)
