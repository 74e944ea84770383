"""The shared options: their names, defaults and meaning are those of the contract, on every command."""

import shlex
from dataclasses import fields
from datetime import UTC, datetime, timedelta

import click
import pytest

from tracer.cli import main
from tracer.cli.options import SHARED, Command, Settings
from tracer.emit.draft import Attach, DraftOptions, Merge
from tracer.errors import UsageError
from tracer.model.permission import ResourcesMode
from tracer.model.run import TraceOptions

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
COMMANDS = list(main.short_helps)

DEFAULTS = {
    "sources": (),
    "run": None,
    "wait": timedelta(minutes=20),
    "no_wait": False,
    "dry_run": False,
    "slack": timedelta(hours=1),
    "verify": False,
    "cache": None,
    "no_cache": False,
    "principals": (),
    "since": None,
    "until": None,
    "regions": (),
    "accounts": (),
    "user_agents": (),
    "event_sources": (),
    "resources": ResourcesMode.NAMES,
    "service": None,
    "stage": None,
    "no_inferred": False,
    "commands": (),
    "lifecycle": False,
    "include_denied": False,
    "baseline": "serverless-advanced",
    "merge": Merge.EXTEND,
    "attach": Attach.MANAGED,
    "compact": False,
    "ignore": None,
    "boundary": None,
    "format": "json",
    "evidence": 3,
    "output": None,
    "strict": False,
}

PARSED = [
    ("--from logs/ --from -", {"sources": ("logs/", "-")}),
    ("--run friday", {"run": "friday"}),
    ("--wait 90s", {"wait": timedelta(seconds=90)}),
    ("--wait 1h", {"wait": timedelta(hours=1)}),
    ("--no-wait", {"no_wait": True}),
    ("--dry-run", {"dry_run": True}),
    ("--slack 90m", {"slack": timedelta(minutes=90)}),
    ("--verify", {"verify": True}),
    ("--cache kept/", {"cache": "kept/"}),
    ("--no-cache", {"no_cache": True}),
    ("--principal any", {"principals": ("any",)}),
    ("--principal a --principal b", {"principals": ("a", "b")}),
    ("--since -2h --until now", {"since": datetime(2026, 11, 24, 10, tzinfo=UTC), "until": NOW}),
    ("--since=-2h", {"since": datetime(2026, 11, 24, 10, tzinfo=UTC)}),
    ("--since 2026-11-24 --until now-1h", {
        "since": datetime(2026, 11, 24, tzinfo=UTC), "until": datetime(2026, 11, 24, 11, tzinfo=UTC),
    }),
    ("--region us-east-1 --region eu-west-1", {"regions": ("us-east-1", "eu-west-1")}),
    ("--account 123456789012 --account 210987654321", {"accounts": ("123456789012", "210987654321")}),
    ("--user-agent Terraform --user-agent aws-sdk", {"user_agents": ("Terraform", "aws-sdk")}),
    ("--event-source s3 --event-source iam", {"event_sources": ("s3", "iam")}),
    ("--resources exact", {"resources": ResourcesMode.EXACT}),
    ("--resources service", {"resources": ResourcesMode.SERVICE}),
    ("--service orders --stage dev", {"service": "orders", "stage": "dev"}),
    ("--no-inferred", {"no_inferred": True}),
    ("--commands deploy,remove", {"commands": ("deploy", "remove")}),
    ("--commands 'logs, deploy function'", {"commands": ("logs", "deploy function")}),
    ("--lifecycle", {"lifecycle": True}),
    ("--include-denied", {"include_denied": True}),
    ("--baseline none", {"baseline": "none"}),
    ("--merge tighten", {"merge": Merge.TIGHTEN}),
    ("--merge observed", {"merge": Merge.OBSERVED}),
    ("--attach role", {"attach": Attach.ROLE}),
    ("--attach user", {"attach": Attach.USER}),
    ("--attach group", {"attach": Attach.GROUP}),
    ("--compact", {"compact": True}),
    ("--ignore ignore.toml", {"ignore": "ignore.toml"}),
    ("--boundary arn:aws:iam::123456789012:policy/edge", {"boundary": "arn:aws:iam::123456789012:policy/edge"}),
    ("--format json", {"format": "json"}),
    ("--format terraform", {"format": "terraform"}),
    ("--format cloudformation", {"format": "cloudformation"}),
    ("--format serverless", {"format": "serverless"}),
    ("--format markdown", {"format": "markdown"}),
    ("--evidence 0", {"evidence": 0}),
    ("--evidence 25", {"evidence": 25}),
    ("--evidence all", {"evidence": None}),
    ("-o out/", {"output": "out/"}),
    ("--strict", {"strict": True}),
]  # fmt: skip

NAMES = {
    "--from", "--run", "--wait", "--no-wait", "--dry-run", "--slack", "--verify", "--cache", "--no-cache",
    "--principal", "--since", "--until", "--region", "--account", "--user-agent", "--event-source",
    "--resources", "--service", "--stage", "--no-inferred", "--commands", "--lifecycle", "--include-denied",
    "--baseline", "--merge", "--attach", "--compact", "--ignore", "--boundary", "--format", "--evidence", "-o",
    "--strict",
}  # fmt: skip


def command(name: str) -> Command:
    loaded = main.get_command(click.Context(main), name)
    assert isinstance(loaded, Command)
    return loaded


def settings(line: str, name: str = "run") -> Settings:
    context = command(name).make_context(name, shlex.split(line), obj=lambda: NOW)
    return Settings.read(context.params, NOW)


def test_the_defaults_are_those_of_the_contract():
    parsed = settings("")
    assert {field.name: getattr(parsed, field.name) for field in fields(parsed)} == DEFAULTS


@pytest.mark.parametrize(("line", "changed"), PARSED, ids=[line for line, _ in PARSED])
def test_what_an_option_says(line: str, changed: dict[str, object]):
    parsed = settings(line)
    assert {field.name: getattr(parsed, field.name) for field in fields(parsed)} == DEFAULTS | changed


def test_the_options_of_the_stages_have_the_same_defaults():
    assert settings("").trace_options() == TraceOptions()
    assert settings("").draft_options() == DraftOptions()


def test_options_reach_their_stage():
    line = "--resources exact --no-inferred --commands remove --lifecycle --include-denied --evidence all"
    assert settings(line).trace_options() == TraceOptions(
        ResourcesMode.EXACT, inferred=False, commands=("remove",), lifecycle=True, include_denied=True, evidence=None
    )


def test_a_command_that_is_none_is_refused_with_those_that_there_are():
    with pytest.raises(click.BadParameter, match="'explode' is no command that is known here: deploy, remove"):
        settings("--commands deploy,explode")


def test_there_are_the_options_of_the_contract_and_no_others():
    assert {option.opts[0] for options in SHARED.values() for option in options} == NAMES


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_takes_every_shared_option(name: str):
    assert {option.opts[0] for option in command(name).params if isinstance(option, click.Option)} >= NAMES


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("--resources some", "'some' is not one of 'exact', 'names', 'service'"),
        ("--merge both", "'both' is not one of 'extend', 'tighten', 'observed'"),
        ("--attach pin", "'pin' is not one of 'managed', 'role', 'user', 'group'"),
        ("--format yaml", "--format"),
        ("--evidence many", "'many' is neither a number nor `all`"),
        ("--evidence -1", "'-1' is neither a number nor `all`"),
        ("--since", "'--since' requires an argument"),
        ("--nothing", "No such option"),
    ],
)
def test_what_no_option_says(line: str, words: str):
    with pytest.raises(click.UsageError) as caught:
        settings(line)
    assert words in caught.value.format_message()


def test_a_time_that_is_none_names_its_option():
    with pytest.raises(UsageError, match=r"--until: 'noon' is no time"):
        settings("--until noon")


@pytest.mark.parametrize("text", ["", "20", "-5m", "m", "1.5h", "99999999999w"])
def test_a_length_of_time_that_is_none_names_its_option(text: str):
    with pytest.raises(UsageError, match=f"--wait: '{text}' is no length of time"):
        settings(f"--wait={text}")


def test_not_to_wait_outweighs_how_long():
    assert settings("").longest_wait == timedelta(minutes=20)
    assert settings("--no-wait --wait 1h").longest_wait == timedelta()


def test_the_strict_exit_code():
    from tracer.model.finding import Finding

    note, warning, error = (Finding(code, "") for code in ("COVERAGE_GAP", "UNKNOWN_ACTION", "BLOCKED_BY_DENY"))
    assert [settings("").exit_code([found]) for found in (note, warning, error)] == [0, 0, 0]
    assert [settings("--strict").exit_code([found]) for found in (note, warning, error)] == [0, 1, 1]
    assert settings("--strict").exit_code([]) == 0
