"""A second opinion on policies: npm's @cloud-copilot/iam-simulate, asked as a separate process.

It is AGPL, so it is a tool of the tests and nothing more: its pinned version (`referee/package-lock.json`) is installed
into the virtual environment's own folder, never imported by tracer, bundled with it or copied from. Where node or npm
is missing, or the package cannot be had, the tests that need it are skipped and say why.
"""

from __future__ import annotations

import functools
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from tracer.emit.evaluate import Call, Decision
from tracer.model.policy import Policy

FOLDER: Final = Path(__file__).parent / "referee"
PRINCIPAL: Final = "arn:aws:iam::123456789012:user/deployer"
_SAYS: Final = {
    "Allowed": Decision.ALLOWED,
    "ExplicitlyDenied": Decision.DENIED,
    "ImplicitlyDenied": Decision.NOT_ALLOWED,
}


@functools.cache
def installed() -> Path:
    """The folder where the package lies; installs it once a virtual environment."""
    if not (shutil.which("node") and shutil.which("npm")):
        pytest.skip("node and npm are not installed: no second opinion on policies")
    lock = json.loads((FOLDER / "package-lock.json").read_text(encoding="utf-8"))
    version = lock["packages"]["node_modules/@cloud-copilot/iam-simulate"]["version"]
    folder = Path(sys.prefix) / "referee" / version
    if not folder.is_dir():
        _install(folder)
    return folder


def _install(folder: Path) -> None:
    """Install beside `folder`, then take its name: of several test workers the first one wins."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(dir=folder.parent))
    except OSError as error:
        pytest.skip(f"no place for the second opinion's package: {error}")
    for name in ("package.json", "package-lock.json"):
        shutil.copy(FOLDER / name, fresh)
    npm = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", str(fresh)]
    done = subprocess.run(npm, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        shutil.rmtree(fresh)
        pytest.skip(f"npm cannot install the second opinion's package: {done.stderr.strip()[-200:]}")
    try:
        fresh.rename(folder)
    except OSError:
        shutil.rmtree(fresh)


@dataclass(slots=True)
class Referee:
    """The process."""

    process: subprocess.Popen[str]

    @classmethod
    def start(cls) -> Referee:
        """A process that answers until it is stopped."""
        command = ["node", str(FOLDER / "judge.mjs"), str(installed())]
        return cls(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))  # noqa: S603

    def stop(self) -> None:
        """End it, and see that it ended well."""
        self.process.communicate()
        assert self.process.returncode == 0

    def decide(self, policies: Iterable[Policy], calls: Sequence[Call], *, unchecked: bool = False) -> list[Decision]:
        """Its decision on each call.

        Args:
            policies: the policies of one principal.
            calls: the calls; a call that it takes for none is an error of the test.
            unchecked: do not ask it whether the action, the resource and the context fit each other.
        """
        question = {
            "policies": [policy.to_dict() for policy in policies],
            "calls": [_question(call, unchecked=unchecked) for call in calls],
        }
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps(question) + "\n")
        self.process.stdin.flush()
        answers = json.loads(self.process.stdout.readline())
        assert not [answer for answer in answers if answer not in _SAYS], (question, answers)
        return [_SAYS[answer] for answer in answers]


def _question(call: Call, *, unchecked: bool) -> Mapping[str, object]:
    return {
        "action": call.action,
        "resource": call.resource,
        "context": call.context,
        "principal": PRINCIPAL,
        "unchecked": unchecked,
    }
