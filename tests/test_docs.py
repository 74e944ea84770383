"""Each command is told about: in its own help, with an example, and in the README."""

from __future__ import annotations

import re

import click
import pytest
from support import PROJECT, run_cli

from tracer.cli import main

COMMANDS = main.list_commands(click.Context(main))


def help_of(*names: str) -> str:
    result = run_cli(*names, "--help")
    assert result.exit_code == 0
    return result.stdout


def test_there_are_commands():
    assert {"run", "collect", "reduce", "emit", "check", "explain", "demo"} <= set(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_the_overview_tells_what_the_command_does(name: str):
    command = main.get_command(click.Context(main), name)
    assert command is not None
    first_line = command.get_short_help_str(limit=200)
    told = re.search(rf"^  {name} +(.+?)(?=^  \S|\Z)", help_of(), re.MULTILINE | re.DOTALL)
    assert told is not None
    assert " ".join(told[1].split()).rstrip(".").startswith(first_line.rstrip("."))


@pytest.mark.parametrize("name", COMMANDS)
def test_the_command_has_help_with_an_example(name: str):
    text = help_of(name)
    assert "Example" in text
    assert re.search(rf"^ +(\S.*\| )?tracer {name}\b", text.partition("Example")[2], re.MULTILINE)


@pytest.mark.parametrize("name", COMMANDS)
def test_each_option_has_help(name: str):
    command = main.get_command(click.Context(main), name)
    assert command is not None
    silent = [
        parameter.name for parameter in command.params if isinstance(parameter, click.Option) and not parameter.help
    ]
    assert silent == []


@pytest.mark.parametrize("name", COMMANDS)
def test_the_readme_names_the_command(name: str):
    assert f"tracer {name}" in (PROJECT / "README.md").read_text(encoding="utf-8")
