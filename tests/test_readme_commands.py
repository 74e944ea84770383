"""Every command line that the README shows is one that tracer understands."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

import click
import pytest
import yaml
from support import PROJECT

from tracer.cli import main

README = (PROJECT / "README.md").read_text(encoding="utf-8")
CONTEXT = click.Context(main)
STDIN = "-"


def fences(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)


def command_lines() -> Iterator[str]:
    """Whole lines of shell, and the steps of workflows."""
    for fence in fences("sh"):
        yield from fence.replace("\\\n", " ").splitlines()
    for fence in fences("yaml"):
        for job in yaml.safe_load(fence)["jobs"].values():
            yield from (step["run"] for step in job["steps"] if "run" in step)


def tracer_commands() -> list[list[str]]:
    words = (shlex.split(line, comments=True) for line in command_lines())
    return [line[1:] for line in words if line[:1] == ["tracer"]]


def test_the_readme_shows_commands():
    assert len(tracer_commands()) > 20


@pytest.mark.parametrize("words", tracer_commands(), ids=" ".join)
def test_a_command_of_the_readme_is_understood(words: list[str]):
    name, *arguments = words
    command = main.get_command(CONTEXT, name)
    assert command is not None
    if "--" in arguments:
        arguments = arguments[: arguments.index("--")]
    known = {text for parameter in command.params for text in (*parameter.opts, *parameter.secondary_opts)}
    asked = [word.partition("=")[0] for word in arguments if word.startswith("-") and word != STDIN]
    relative = re.compile(r"-\d+[smhd]")
    assert [word for word in asked if word not in known and not relative.fullmatch(word)] == []
