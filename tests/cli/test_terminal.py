"""On a terminal: tables and colours there, plain text and nothing else in pipes and files."""

# ruff: noqa: S603 - the commands are ours

import re
import subprocess
import sys
from pathlib import Path

import pytest
from pseudo_terminal import needs_terminal, running, shown
from support import iam_user, record, write_trail

pytestmark = needs_terminal

COLOUR = re.compile(rb"\x1b\[[0-9;]*(?:3[0-7]|9[0-7]|38)[;m]")
PLAIN = re.compile(r"^  (s3|all) +\d", re.MULTILINE)


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `tracer demo -o` writes, and two policies beside it that differ from that."""
    folder = tmp_path_factory.mktemp("out")
    command = [sys.executable, "-m", "tracer", "demo", "-o", f"{folder}/"]
    subprocess.run(command, capture_output=True, timeout=60, check=True)
    statement = '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}'
    (folder / "s3.json").write_text(statement, encoding="utf-8")
    return folder


COMMANDS = {
    "summary": ("demo", "-o", "{out}/again/"),
    "check": ("check", "{out}/s3.json", "--trace", "{out}/trace.json"),
    "diff": ("diff", "{out}/s3.json", "{out}/deployer.json"),
    "explain": ("explain", "iam:*", "{out}/trace.json"),
    "error": ("check", "{out}/s3.json", "--trace", "{out}/absent.json"),
}


def given(name: str, out: Path) -> list[str]:
    return [argument.format(out=out) for argument in COMMANDS[name]]


@pytest.mark.parametrize("columns", [80, 200])
@pytest.mark.parametrize("name", ["check", "diff"])
def test_tables_fit(name: str, columns: int, out: Path):
    terminal = shown(*given(name, out), columns=columns)
    lines = re.sub(rb"\x1b\[[0-9;]*m", b"", terminal.written).decode().splitlines()
    assert max(map(len, lines)) <= columns
    assert re.search(r"^  action +resource$", "\n".join(terminal.screen()), re.MULTILINE)


@pytest.mark.parametrize("columns", [80, 200])
def test_the_summary_is_a_table_and_its_commands_can_be_copied(columns: int, out: Path):
    terminal = shown(*given("summary", out), columns=columns)
    text = re.sub(rb"\x1b\[[0-9;]*m", b"", terminal.written).decode().replace("\r\n", "\n")
    assert re.search(r"^  service +permissions +in the baseline +added\n  ─+\n  apigateway +\d", text, re.MULTILINE)
    assert re.search(r"^  ─+\n  all +[1-9]", text, re.MULTILINE)
    assert re.search(rf"^  {re.escape(str(out))}/again/trace.json$", text, re.MULTILINE)


def test_what_is_explained_is_in_pairs(out: Path):
    lines = shown(*given("explain", out)).screen()
    assert any(line.startswith("iam:PassRole on arn:") for line in lines)
    assert any(line.startswith("  only if   StringEquals iam:PassedToService = ") for line in lines)


@pytest.mark.parametrize("name", ["summary", "check", "diff", "error"])
def test_there_are_colours_but_not_under_no_color(name: str, out: Path):
    assert COLOUR.search(shown(*given(name, out)).written)
    quiet = shown(*given(name, out), environ={"NO_COLOR": "1"})
    assert not COLOUR.search(quiet.written)
    assert len(quiet.screen()) > 1


def test_a_dumb_terminal_gets_no_sequences(out: Path):
    terminal = shown(*given("check", out), environ={"TERM": "dumb"})
    assert b"\x1b" not in terminal.written
    assert b"Missing: " in terminal.written


@pytest.mark.parametrize("name", COMMANDS)
def test_elsewhere_it_is_plain_text_whatever_the_environment_says(name: str, out: Path):
    command = [sys.executable, "-m", "tracer", *given(name, out)]
    environment = {"FORCE_COLOR": "1", "TERM": "xterm-256color", "COLUMNS": "200", "PYTHONHASHSEED": "1"}
    forced = subprocess.run(command, capture_output=True, env=environment, timeout=60, check=False)
    usual = subprocess.run(command, capture_output=True, timeout=60, check=False)
    assert (forced.stdout, forced.stderr) == (usual.stdout, usual.stderr)
    assert b"\x1b" not in usual.stdout + usual.stderr
    assert usual.stdout + usual.stderr


def test_a_result_in_a_file_is_plain_while_the_talk_is_not(out: Path, tmp_path: Path):
    path = tmp_path / "check.txt"
    with path.open("wb") as file, running(*given("check", out), stdout=file) as (process, _):
        pass
    assert process.returncode == 1
    text = path.read_text(encoding="utf-8")
    assert text.startswith("Missing: ")
    assert "\x1b" not in text
    assert "─" not in text


def test_an_error_is_seen_whole(tmp_path: Path):
    callers = [iam_user(f"a/path/that/organisations/give/to/their/people/person-{number:04}") for number in range(500)]
    trail = write_trail(tmp_path, [record("ListUsers", user=caller) for caller in callers])
    lines = shown("run", "--from", str(trail), "--principal", "arn:aws:iam::123456789012:user/nobody").screen()
    assert len(lines) <= 24
    assert any(line.endswith("and 490 more") for line in lines)
    assert lines[-1].startswith("Hint: ")
