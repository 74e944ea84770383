"""How much of tracer a run of all tests executes, package by package, and the floors under it.

`make test` measures it (`pytest --cov`). The shares are printed before pytest's closing line; one below its floor fails
the run. A share is coverage.py's own: of the statements and the branches together, those that were executed. A run of a
part of the tests is measured where `--cov` asks for it, and held to nothing.
"""

from __future__ import annotations

import io
from collections.abc import Generator, Mapping
from typing import Final

import pytest

WHOLE: Final = "tracer"
FLOORS: Final[Mapping[str, float]] = {"tracer/model": 97, "tracer/reduce": 97, "tracer/emit": 97, WHOLE: 88}
"""Percent of the statements and branches of a folder.

The whole is lower than its parts because child processes are not measured: of rehearse, whose server is one, half
counts.
"""


class CoverageFloors:
    """The plugin of pytest that holds a run to FLOORS; `conftest.py` registers it."""

    def __init__(self) -> None:
        self.shares: dict[str, float] = {}

    @pytest.hookimpl(wrapper=True, tryfirst=True)  # around pytest-cov's own, which brings the workers' data together
    def pytest_runtestloop(self, session: pytest.Session) -> Generator[None, object, object]:
        """Measure, and count a share below its floor as a failure."""
        result = yield
        if of_all_tests(session.config):
            self.shares = measured()
            session.testsfailed += len(below(self.shares))
        return result

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print the shares, and the floors that were missed."""
        if self.shares:
            terminalreporter.section("coverage")
            told = (f"{name} {share:.1f} % (at least {FLOORS[name]} %)" for name, share in self.shares.items())
            terminalreporter.line(", ".join(told))
        for name in below(self.shares):
            terminalreporter.line(f"The tests execute too little of {name}: coverage report --show-missing", red=True)


def of_all_tests(config: pytest.Config) -> bool:
    """Whether this process measures coverage and collects what all of its tests executed: no worker, and no part."""
    selected = config.option.keyword or config.option.markexpr or getattr(config.option, "lf", False)
    everything = config.args_source is pytest.Config.ArgsSource.TESTPATHS and not selected
    return bool(everything and config.getoption("cov_source", None) and not hasattr(config, "workerinput"))


def measured() -> dict[str, float]:
    """The share of each package of FLOORS, in percent, by the data file that pytest-cov has written."""
    from coverage import Coverage

    coverage = Coverage()
    coverage.load()
    return {name: coverage.report(include=f"{name}/*", file=io.StringIO()) for name in FLOORS}


def below(shares: Mapping[str, float]) -> list[str]:
    """The packages whose share is below their floor."""
    return [name for name, share in shares.items() if share < FLOORS[name]]
