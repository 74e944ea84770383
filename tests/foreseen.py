"""The runs of a REST API of which all was foreseen by hand: what they need, what the template gives, each record.

`demo` is the bundled recording, as `tracer demo` reads it. `rest` is played from lists of calls (`runs/rest`), and has
what the account that was recorded in does not hold. What is foreseen is told in `demo/README.md`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest
from runs.rest.run import write
from support import PROJECT, run_cli

from tracer import demo
from tracer.model.policy import Policy, Statement

TESTS: Final = Path(__file__).parent

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Foreseen:
    """A run.

    Attributes:
        name: its name.
        expected: the folder of what was foreseen.
        refused_with: the errorCode of the one call that was refused.
    """

    name: str
    expected: Path
    refused_with: str

    def foreseen(self, name: str) -> Any:  # noqa: ANN401 - what JSON holds
        return json.loads((self.expected / f"{name}.json").read_text(encoding="utf-8"))

    @property
    def template(self) -> tuple[Statement, ...]:
        """The filled template: what stands before the statements that were added."""
        last = max(row["statement"] for row in self.foreseen("used_from_baseline"))
        return Policy.from_json(self.foreseen("deployer")).statements[:last]

    def records(self, scratch: Path) -> Path:
        """The folder of the log files, which may be `scratch`."""
        if self.name == "demo":
            return PROJECT / "tracer" / "demo" / "records"
        write(scratch)
        return scratch

    def trace(self, folder: Path, *options: str) -> Path:
        """The folder of what the main job writes with these options; it is below `folder`, and so is what it reads."""
        out = folder / "out"
        command = ["demo"]
        if self.name != "demo":
            asked = {"from": self.records(folder / "logs"), "principal": demo.PRINCIPAL, "region": demo.REGION,
                     "service": demo.SERVICE, "stage": demo.STAGE}  # fmt: skip
            command = ["run", *(word for name, value in asked.items() for word in (f"--{name}", str(value)))]
        result = run_cli(*command, *options, "-o", f"{out}/")
        assert result.exit_code == 0, result.stderr
        return out


RUNS: Final = (
    Foreseen("demo", TESTS / "demo" / "expected", "AccessDenied"),
    Foreseen("rest", TESTS / "runs" / "rest" / "expected", "AccessDeniedException"),
)


def of_each_run() -> list[Any]:
    return [pytest.param(run, id=run.name) for run in RUNS]


def rows_of_each_run(name: str) -> list[Any]:
    """The rows of a file, but for those that may be missing."""
    return [
        pytest.param(run, row, id=f"{run.name}: {row['action']} on {row.get('resource') or row['statement']}")
        for run in RUNS
        for row in run.foreseen(name)
        if not row.get("optional")
    ]
