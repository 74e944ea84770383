"""`tracer record`: runs a deploy and writes down whose it was, when, and where.

What comes in: a command. What goes out: its exit code, and the run's file, so that `tracer run --run NAME` finds the
deploy's calls among all others. Around the child stand two questions to STS: who is calling, before it; and after it,
once a region, the same again as a marker: the record of that call is the last one of the run, and when CloudTrail shows
it, it can show the others (see `tracer.collect.waiting`).

The file is written before the child starts, without its end, so that a recorder that is killed leaves what it knew.
Nothing secret is in it: of the credentials the access key's id, of the command what is no secret by its name.
"""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial, reduce
from pathlib import Path
from typing import Final

from tracer.collect import aws
from tracer.collect.caller import Identity, identity
from tracer.collect.child import run_child
from tracer.collect.runfile import RunFile, create_run_file, replace_run_file, run_path
from tracer.collect.session import RoleSession, assume, environment_of
from tracer.errors import CollectError, UsageError

APP_ID: Final = "AWS_SDK_UA_APP_ID"
"""Names the application in the user agent, for SDKs that honour it: "String with maximum length of 50. Letters, numbers
and the following special characters are allowed: !#$%&'*+-.^_`|~"
(https://docs.aws.amazon.com/sdkref/latest/guide/feature-appid.html)."""

NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,49}")
"""A run's name: good as a file's name, as an application's (50 characters), and within a session's (64)."""

_DEFAULT_REGION: Final = "us-east-1"
"""Where STS is asked, and where the Serverless Framework deploys to, when nothing names a region
(https://www.serverless.com/framework/docs-providers-aws-guide-deploying)."""

_REGION_OPTIONS: Final = ("--region", "-r")
_REGION: Final = re.compile(r"[a-z]{2,3}(?:-[a-z]+)+-[0-9]")

_HOW_KNOWN: Final[Mapping[str, str]] = {
    "environment": " (the environment's; --region names another)",
    "default": " (for nothing names a region; --region does)",
}

_CLOCKS_AGREE: Final = timedelta(seconds=2)
"""How far this machine's clock may be from AWS's without being put right: eventTime is AWS's."""

_SECRET_NAME: Final = re.compile(r"secret|token|passw|credential|api[-_]?key", re.IGNORECASE)
_SECRET_VARIABLES: Final = ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN")
_MASK: Final = "***"


@dataclass(frozen=True, slots=True)
class Recording:
    """What is asked for.

    Attributes:
        command: the command and its arguments.
        name: the run's name; None makes one from the time.
        regions: where the deploy goes; none takes the command's `--region`, else the environment's.
        role: the ARN of a role to work in a session of, or None.
        duration: how long the session lasts; None is AWS's own default.
        source_identity: whether the session gets a source identity where it may.
    """

    command: tuple[str, ...]
    name: str | None = None
    regions: tuple[str, ...] = ()
    role: str | None = None
    duration: timedelta | None = None
    source_identity: bool = True


def record(
    asked: Recording,
    environment: Mapping[str, str],
    *,
    clock: Callable[[], datetime],
    tell: Callable[[str], None],
    base: Path = Path(),
) -> int:
    """Run the command, and write the run's file.

    Args:
        asked: what to run, and how.
        environment: the child's environment is made of this one.
        clock: the time now, aware, in UTC.
        tell: takes a sentence for the user.
        base: the folder below which the run's file goes.

    Returns:
        The command's exit code.

    Raises:
        UsageError: the name is none, or is taken.
        CollectError: the role cannot be assumed, the command cannot be started, or the file cannot be written.
    """
    name = _name(asked.name, clock())
    run_path(name, base)  # a name that is taken is told before anything is asked or run
    _find(asked.command[0], environment)
    regions, source = _regions(asked)
    session = _session(asked, name, regions[0], tell)
    caller = _caller(session, regions[0], tell)
    now = _as_aws_counts(clock, caller, tell)
    began, started = now(), time.monotonic()
    run = RunFile(
        name=name,
        since=began.replace(microsecond=0),
        principal=session.arn if session else caller.arn if caller else None,
        regions=regions,
        region_source=source,
        accounts=(caller.account,) if caller else (),
        partition=caller.partition if caller else "aws",
        session=session.name if session else caller.session if caller else None,
        access_key_id=session.credentials.access_key_id if session else _key_id(),
        command=tuple(masked(asked.command, environment)),
    )
    path = create_run_file(run, base)
    tell(_beginning(run))
    exit_code = _run(asked.command, _environment(environment, name, session, regions[0]), path)
    finished = time.monotonic()
    ended = _not_before(now(), began + timedelta(seconds=time.monotonic() - started), tell)
    run = replace(run, until=_second_after(ended), exit_code=exit_code)
    _save(run, path, tell)  # now, for the marking may be interrupted
    answers = _marked(run, session)
    markers = {region: answer.request_id for region, answer in answers.items()}
    run = replace(run, until=_not_after(run.until, answers.values(), tell), markers=markers)
    _save(run, path, tell)
    tell(_ending(run, path))
    _outlast(ended, finished)
    return exit_code


def masked(command: Sequence[str], environment: Mapping[str, str]) -> Iterator[str]:
    """The command's words, with `***` for what is secret.

    Secret is a word's part behind `=`, or the word behind an option, whose name says so (`--password X`,
    `API_TOKEN=X`), and whatever holds a secret of the environment's credentials.
    """
    secrets = [value for name in _SECRET_VARIABLES if (value := environment.get(name))]
    hide_next = False
    for word in command:
        name, assigned, _ = word.partition("=")
        says_so = _SECRET_NAME.search(name) is not None
        if hide_next and not word.startswith("-"):
            yield _MASK
        elif assigned and says_so:
            yield f"{name}={_MASK}"
        else:
            yield reduce(lambda told, secret: told.replace(secret, _MASK), secrets, word)
        hide_next = says_so and not assigned and word.startswith("-")


def _find(program: str, environment: Mapping[str, str]) -> None:
    """Raises CollectError where there is no such program: better now than after a session was made for it."""
    if shutil.which(program, path=environment.get("PATH")) is None:
        raise CollectError(
            f"there is no command {program!r}",
            "is it spelled as in the shell? A shell's own words need one: tracer record -- sh -c 'CMD && CMD'",
        )


def _run(command: Sequence[str], environment: Mapping[str, str], path: Path) -> int:
    """The command's exit code. Where it cannot be started there was no run, and no file of it is left."""
    try:
        return run_child(command, environment)
    except CollectError:
        path.unlink(missing_ok=True)
        raise


def _name(asked: str | None, now: datetime) -> str:
    name = asked if asked is not None else f"{now:%Y%m%d-%H%M%S}"
    if not NAME.fullmatch(name):
        raise UsageError(
            f"--name: {name!r} is no name for a run",
            "up to 50 letters, digits, `.`, `_` and `-`, a letter or digit first",
        )
    return name


def _regions(asked: Recording) -> tuple[tuple[str, ...], str]:
    """Where the deploy goes, and how that is known."""
    from botocore.exceptions import BotoCoreError

    if asked.regions:
        return asked.regions, "option"
    if named := _named_region(asked.command):
        return (named,), "command"
    try:
        found = aws.environment_region()
    except BotoCoreError:
        found = None  # who is asked next says what is wrong
    return ((found,), "environment") if found else ((_DEFAULT_REGION,), "default")


def _named_region(command: Sequence[str]) -> str | None:
    """What the command itself says behind `--region`, as the tools of AWS and the Serverless Framework take it."""
    for word, following in zip(command, (*command[1:], ""), strict=True):
        name, assigned, value = word.partition("=")
        region = value if assigned else following
        if name in _REGION_OPTIONS and _REGION.fullmatch(region):
            return region
    return None


def _session(asked: Recording, name: str, region: str, tell: Callable[[str], None]) -> RoleSession | None:
    if asked.role is None:
        return None
    return assume(
        asked.role,
        name,
        region=region,
        duration=asked.duration,
        source_identity=asked.source_identity,
        tell=tell,
    )


def _caller(session: RoleSession | None, region: str, tell: Callable[[str], None]) -> Identity | None:
    """Who will make the calls; a run goes on without that, for the deploy may know other credentials."""
    try:
        return identity(_clients(session), region)
    except CollectError as error:
        tell(
            f"Who is calling could not be asked: {error.message}.\n"
            "The run is recorded without its principal: give --principal to `tracer run` later"
        )
        return None


def _as_aws_counts(
    clock: Callable[[], datetime], caller: Identity | None, tell: Callable[[str], None]
) -> Callable[[], datetime]:
    """The clock, put right where it is far from AWS's, whose times the records will have."""
    if caller is None or caller.answered is None:
        return clock
    ahead = caller.answered - clock()
    if abs(ahead) <= _CLOCKS_AGREE:
        return clock
    tell(f"This machine's clock is {abs(ahead).total_seconds():.0f} seconds off; the run's times are AWS's")
    return lambda: clock() + ahead


def _clients(session: RoleSession | None) -> aws.ClientFactory:
    return partial(aws.new_client, credentials=session.credentials) if session else aws.new_client


def _key_id() -> str | None:
    from botocore.exceptions import BotoCoreError

    try:
        return aws.environment_key_id()
    except BotoCoreError:
        return None


def _environment(
    environment: Mapping[str, str], name: str, session: RoleSession | None, region: str
) -> Mapping[str, str]:
    given = environment_of(session, region, environment) if session else dict(environment)
    return given | {APP_ID: name}


def _second_after(moment: datetime) -> datetime:
    """The end of a window that holds `moment`: eventTime has whole seconds."""
    return moment.replace(microsecond=0) + timedelta(seconds=1)


def _outlast(ended: datetime, finished: float) -> None:
    """Wait until the second of the end is over: what tracer asks next, as the same principal, is no call of the run."""
    left = (_second_after(ended) - ended).total_seconds() - (time.monotonic() - finished)
    time.sleep(max(0.0, left))


def _not_before(ended: datetime, least: datetime, tell: Callable[[str], None]) -> datetime:
    """The end, as the clock has it: no earlier than as much time after the beginning as has passed since, or the clock
    was set back.
    """
    if ended >= least - _CLOCKS_AGREE:
        return ended
    tell("This machine's clock was set back while the command ran; the run's end goes by the time that it took")
    return least


def _not_after(until: datetime | None, answers: Iterable[Identity], tell: Callable[[str], None]) -> datetime | None:
    """The window's end: no later than AWS answered the first call after it, or the clock was set forward."""
    times = [answer.answered for answer in answers if answer.answered]
    if until is None or not times or until <= _second_after(min(times)) + _CLOCKS_AGREE:
        return until
    tell("This machine's clock was set forward while the command ran; the run's end is AWS's time")
    return _second_after(min(times))


def _marked(run: RunFile, session: RoleSession | None) -> dict[str, Identity]:
    """A call in each region of the run, and where its partition logs IAM: by region, the answer of each that worked.

    Regional endpoints of STS log in their own region
    (https://docs.aws.amazon.com/IAM/latest/UserGuide/cloudtrail-integration.html).
    """
    from tracer.collect.lookup import global_region

    if run.principal is None:
        return {}
    answers = {}
    for region in sorted({*run.regions, global_region(run.partition) or run.regions[0]}):
        try:
            answers[region] = identity(_clients(session), region)
        except CollectError:
            continue  # a region that is not enabled, or a session that has expired: the waiting does without
    return answers


def _save(run: RunFile, path: Path, tell: Callable[[str], None]) -> None:
    """Write the run's file anew; a deploy that is done stays so, and its exit code with it, where that fails."""
    try:
        replace_run_file(run, path)
    except CollectError as error:
        tell(f"{error.message}: it does not tell the run's end. {error.hint}")


def _beginning(run: RunFile) -> str:
    where = ", ".join(run.regions) + _HOW_KNOWN.get(run.region_source or "", "")
    return f"Recording the run {run.name}: {run.principal or 'an unknown caller'}, {where}"


def _ending(run: RunFile, path: Path) -> str:
    told = f"Recorded the run {run.name} in {path}. The command's exit code: {run.exit_code}"
    if not run.markers:
        told += "\nThe end of the run could not be marked in CloudTrail: `tracer run` will go by the clock"
    return f"{told}\nNext: tracer run --run {run.name} -o policy/"
