"""How much of tracer a run of all tests executes, package by package, and the floors under it.

`make test` measures it (`pytest --coverage`). SlipCover puts a probe at each line and each branch of tracer's modules
when they are imported, and nothing else is slower for it. Where Python has no events of its own for branches (before
3.14), coverage.py has to follow the calls of all libraries, and doubles the time of the tests. Each worker of xdist
measures for itself, and hands what it found to the controller with its last word.

A share is of the lines and the branches together, those that were executed. The shares are printed before pytest's
closing line, and with `--missing` what was not executed; a share below its floor fails the run. A run of a part of the
tests is held to nothing. What runs in child processes does not count: commands that are started, rehearse's server.
"""

from __future__ import annotations

import io
import json
import shutil
import sys
from collections.abc import Generator, Mapping
from pathlib import Path
from typing import Any, Final

import pytest

WHOLE: Final = "tracer"
FLOORS: Final[Mapping[str, float]] = {"tracer/model": 97, "tracer/reduce": 97, "tracer/emit": 97, WHOLE: 92}
"""Percent of the lines and branches of a folder."""

TOOLS: Final = ("node", "npm")
"""Without these the tests of rehearse and of the lab are skipped, and the whole is held to nothing."""

NEVER: Final = 2**30
"""After how many useless probes SlipCover takes them away, before Python 3.12. It would look for every function of the
process to do so, while other threads import and run."""


class CoverageFloors:
    """The plugin of pytest that measures a process and holds a run of all tests to FLOORS.

    Raises pytest.UsageError where tracer is imported already: what has run cannot be measured any more.
    """

    def __init__(self, config: pytest.Config) -> None:
        from slipcover import FileMatcher, ImportManager, Slipcover

        if WHOLE in sys.modules:
            raise pytest.UsageError(
                f"A conftest.py has imported {WHOLE} before it could be measured: name `tests` and choose by -k, or "
                "leave out --coverage."
            )
        self.root = config.rootpath
        source = str(self.root / WHOLE)
        self.slipcover = Slipcover(branch=True, source=[source], d_miss_threshold=NEVER)
        self.imports = ImportManager(self.slipcover, FileMatcher(sources=[source]))
        self.imports.__enter__()
        self.from_workers: list[dict[str, Any]] = []
        self.found: dict[str, Any] = {}
        self.missed: list[str] = []

    def pytest_unconfigure(self) -> None:
        """What is imported from here on is left as it is."""
        self.imports.__exit__()

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """In a worker: hand over what was executed there."""
        if is_worker(session.config):
            session.config.workeroutput["coverage"] = json.dumps(self.slipcover.get_coverage())

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:  # noqa: ANN401 - xdist has no public type for it
        """Take what a worker executed; one that crashed says nothing."""
        said = getattr(node, "workeroutput", {})
        if "coverage" in said:
            self.from_workers.append(json.loads(said["coverage"]))

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Generator[None, object, object]:
        """Bring together what was executed, and count a share below its floor as a failure."""
        result = yield
        if not is_worker(session.config):
            from slipcover import merge_coverage

            self.found = self.slipcover.get_coverage()
            for one in self.from_workers:
                merge_coverage(self.found, one)
            if of_all_tests(session.config):
                self.missed = below(shares(self.found, self.root))
            session.testsfailed += len(self.missed)
        return result

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
        """Print the shares, and the floors that were missed."""
        terminalreporter.section("coverage")
        if config.option.missing:
            terminalreporter.line(table(self.found))
        told = (
            f"{name} {share:.1f} % (at least {FLOORS[name]} %)" for name, share in shares(self.found, self.root).items()
        )
        terminalreporter.line(", ".join(told))
        for name in self.missed:
            terminalreporter.line(f"The tests execute too little of {name}: --missing shows what is left.", red=True)


def is_worker(config: pytest.Config) -> bool:
    """Whether this process runs tests for another one."""
    return hasattr(config, "workerinput")


def of_all_tests(config: pytest.Config) -> bool:
    """Whether these are all tests, and not some that were chosen."""
    chosen = config.option.keyword or config.option.markexpr or getattr(config.option, "lf", False)
    return config.args_source is pytest.Config.ArgsSource.TESTPATHS and not chosen


def shares(found: Mapping[str, Any], root: Path) -> dict[str, float]:
    """The share of each folder of FLOORS, in percent; of one without code all was executed."""
    files = {Path(path).resolve(): file["summary"] for path, file in found["files"].items()}
    result = {}
    for name in FLOORS:
        inside = [summary for path, summary in files.items() if path.is_relative_to(root / name)]
        executed = sum(summary["covered_lines"] + summary["covered_branches"] for summary in inside)
        missing = sum(summary["missing_lines"] + summary["missing_branches"] for summary in inside)
        result[name] = 100 * executed / (executed + missing) if executed + missing else 100.0
    return result


def below(shares: Mapping[str, float]) -> list[str]:
    """The folders whose share is below their floor."""
    held = FLOORS if all(map(shutil.which, TOOLS)) else FLOORS.keys() - {WHOLE}
    return [name for name, share in shares.items() if name in held and share < FLOORS[name]]


def table(found: Mapping[str, Any]) -> str:
    """The lines and branches of each file that were not executed."""
    from slipcover import print_coverage

    text = io.StringIO()
    print_coverage(found, outfile=text, skip_covered=True)
    return text.getvalue()
