"""What a newcomer reads first: every command is told, with an example that works, and quickly."""

import json
import shlex
import subprocess
import sys

import click
import pytest
from support import run_cli

from tracer.cli import main
from tracer.cli.options import SHARED, Command

COMMANDS = list(main.short_helps)
SLOW = ("boto3", "botocore", "pandas", "duckdb", "rich", "sqlglot", "tracer.reference", "tracer.emit", "tracer.reduce")


def command(name: str) -> Command:
    loaded = main.get_command(click.Context(main), name)
    assert isinstance(loaded, Command)
    return loaded


def test_the_help_of_tracer_names_each_command_and_what_it_does():
    result = run_cli("--help")
    assert result.exit_code == 0
    words = " ".join(result.stdout.split())
    assert all(f"{name} {text}" in words for name, text in main.short_helps.items())


@pytest.mark.parametrize("name", COMMANDS)
def test_the_table_of_commands_repeats_their_first_lines(name: str):
    assert command(name).name == name
    assert command(name).help.partition("\n")[0] == main.short_helps[name]


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_of_a_command_has_an_example_and_every_shared_option(name: str):
    result = run_cli(name, "--help")
    assert result.exit_code == 0
    assert f"\n  tracer {name}" in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 80
    for heading, options in SHARED.items():
        assert f"\n{heading}:\n" in result.stdout
        for option in options:
            assert f"\n  {option.opts[0]} " in result.stdout


@pytest.mark.parametrize(
    "example",
    [step for name in COMMANDS for example in command(name).examples for step in example.split(" | ")],
)
def test_examples_can_be_given_as_they_are(example: str):
    program, name, *arguments = shlex.split(example.partition(" > ")[0])
    assert program == "tracer"
    assert command(name).make_context(name, arguments).params


def test_help_loads_nothing_slow():
    script = (
        "import json, sys\n"
        "from tracer.cli import main\n"
        "main(['--help'], standalone_mode=False)\n"
        "print(json.dumps(sorted(sys.modules)), file=sys.stderr)"
    )
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)  # noqa: S603
    loaded = set(json.loads(result.stderr))
    assert "tracer.cli" in loaded
    assert not loaded & set(SLOW)


def test_it_runs_as_a_module():
    result = subprocess.run([sys.executable, "-m", "tracer", "--version"], capture_output=True, text=True, check=True)
    assert result.stdout.startswith("tracer ")


@pytest.mark.parametrize("arguments", [("nothing",), ("run", "--nothing"), ("check",)], ids=" ".join)
def test_wrong_usage_is_told(arguments: tuple[str, ...]):
    result = run_cli(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "Error: " in result.stderr
