"""`tracer query`: one of the questions in `queries/`, asked of log files or of Athena."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import click

from tracer.cli.completion import FileName, question_names
from tracer.cli.inputs import STDIN, deploy_run, read_policies
from tracer.cli.options import Settings, command
from tracer.cli.output import deliver, say
from tracer.cli.progress import working
from tracer.collect.athena_client import Athena, Table
from tracer.collect.open import ATHENA, LOOKUP, asks_in_sql
from tracer.collect.question import regions_of
from tracer.collect.runfile import load_run_file
from tracer.collect.trail import SCHEME
from tracer.errors import UsageError
from tracer.model.action import Action
from tracer.model.run import DeployRun
from tracer.query import ask, duck
from tracer.query.granted import granted
from tracer.query.questions import Question, question, questions
from tracer.query.writing import FORMATS, written

_TIME: Final = "%Y-%m-%dT%H:%M:%SZ"
_DAY: Final = "%Y/%m/%d"
_OPEN: Final = {
    "since": "0000-00-00T00:00:00Z",
    "until": "9999-99-99T99:99:99Z",
    "first_day": "0000/00/00",
    "last_day": "9999/99/99",
}
"""Ends that leave nothing out: they are compared as text."""

Values = Mapping[str, str | Sequence[str]]


@command(
    "tracer query",
    "tracer query denied-calls --from logs/ --since -1d",
    "tracer query unused-permissions --from logs/ --policy p.json -o unused.csv",
    "tracer query role-chains --from athena:audit.cloudtrail_logs --since -7d",
    own=(
        click.Argument(["name"], required=False, metavar="[NAME]", shell_complete=question_names),
        click.Option(
            ["--as", "format_"], type=click.Choice(FORMATS), metavar="WORD",
            help=f"How the rows are written: {', '.join(FORMATS)}. Not given: as the file's name says, else a table.",
        ),
        click.Option(
            ["--policy", "policies"], metavar="FILE", type=FileName(), multiple=True,
            help="For unused-permissions: the policy whose actions are looked for. Repeatable.",
        ),
    ),
)  # fmt: skip
def query(settings: Settings, name: str | None, format_: str | None, policies: tuple[str, ...]) -> int:
    """Ask one of the questions in queries/ of a trail's log files.

    NAME is the question's; without one, all are listed. They are SQL, and run on log files on disk (DuckDB does that),
    or on Athena where --from names a table, made by queries/athena/create_table.sql. --since, --until, --region,
    --account, --principal and --run bound what is asked about; Athena is not asked without --since.

    --dry-run prints the SQL with its values in it, below what the question's file says of it: its parameters, the
    columns that it returns, what it scans.
    """
    if name is None:
        deliver(settings.output, [_listed(questions())], "queries.txt")
        return 0
    asked = question(name)
    table, paths = _source(settings.sources)
    recorded = load_run_file(settings.run) if settings.run else None
    run = deploy_run(settings, recorded, settings.sources or (STDIN,))
    if table and not run.window.since:
        raise UsageError("Athena is asked about a bounded time alone, and --since is missing", "give --since, or --run")
    bound = asked.bound(_values(run, settings.slack, policies))
    if settings.dry_run:
        shown = ask.sql_for(table, bound) if table else bound
        header = "".join(f"-- {line}".rstrip() + "\n" for line in asked.header.splitlines())
        deliver(settings.output, [f"{header}{shown.with_literals()};\n".encode()], f"{name}.sql")
        return 0
    with working("Asking"):
        rows = ask.answer(table, asked, bound, Athena(table, tell=say)) if table else duck.answer(paths, bound, say)
    kind = format_ or _kind(settings.output)
    deliver(settings.output, [written(asked, rows, kind)], f"{name}.{'txt' if kind == 'table' else kind}")
    say(f"{name}: {len(rows)} row{'s' * (len(rows) != 1)}.")
    return 0


def _listed(all_: Sequence[Question]) -> bytes:
    width = max(len(each.name) for each in all_)
    return "".join(f"{each.name:{width}}  {each.asks}\n" for each in all_).encode()


def _source(specs: Sequence[str]) -> tuple[Table | None, Sequence[str]]:
    """Athena's table, or the paths of log files. Raises UsageError."""
    if len(specs) == 1 and specs[0].startswith(ATHENA):
        return Table.parse(specs[0].removeprefix(ATHENA)), ()
    for spec in specs:
        if spec.startswith(SCHEME) or asks_in_sql(spec) or spec in (STDIN, LOOKUP):
            raise UsageError(
                f"--from {spec}: a query is asked of log files on disk, or of one table in Athena",
                "give --from FOLDER (`aws s3 sync s3://BUCKET/PREFIX FOLDER` fetches a trail's log files), or --from "
                "athena:DATABASE.TABLE",
            )
    if not specs:
        raise UsageError("--from is missing", "name log files or a folder of them, or athena:DATABASE.TABLE")
    return None, specs


def _values(run: DeployRun, slack: timedelta, policies: Sequence[str]) -> Values:
    """What the parameters stand for; log files are delivered later than the calls, so the last day goes by `slack`."""
    since, until = run.window.since, run.window.until
    values: dict[str, str | Sequence[str]] = {
        **_OPEN,
        "regions": regions_of(run),
        "accounts": run.accounts,
        "principals": run.principals,
    }
    if since:
        values |= {"since": _text(since), "first_day": f"{since:{_DAY}}"}
    if until:
        values |= {"until": _text(until), "last_day": f"{until + slack:{_DAY}}"}
    if policies:
        values["granted"] = granted(_allowed(policies))
    return values


def _text(moment: datetime) -> str:
    """A moment as eventTime is written, in whole seconds: the next one, where it is none."""
    return f"{moment + timedelta(microseconds=-moment.microsecond % 1_000_000):{_TIME}}"


def _allowed(policies: Sequence[str]) -> list[Action]:
    """The actions that policies allow, as patterns. Raises UsageError where nobody can list them."""
    statements = [item for policy in read_policies(policies) for item in policy.statements if item.effect == "Allow"]
    if any(statement.not_actions for statement in statements):
        raise UsageError("a statement allows all actions but some (NotAction)", "give policies that name their actions")
    return [Action(text) for statement in statements for text in statement.actions]


def _kind(output: str | None) -> str:
    """The format that a file's name asks for."""
    ending = Path(output or "").suffix.removeprefix(".")
    return ending if ending in FORMATS else "table"
