"""What holds for all tests: Hypothesis's profiles, the mark of tests that read real records, the floors of coverage."""

from __future__ import annotations

import signal
from importlib.util import find_spec

import pytest
from coverage_floors import CoverageFloors
from hypothesis import HealthCheck, settings
from support import PROJECT

SHARED_RECORDS = PROJECT.parent / "shared" / "records"

# `default` finds the same examples on every run, so that a change and not luck makes a law fail. `deep` searches anew:
# pytest --hypothesis-profile=deep
settings.register_profile("default", derandomize=True, deadline=None, database=None)
settings.register_profile(
    "deep", max_examples=5_000, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
settings.load_profile("default")


def pytest_configure(config: pytest.Config) -> None:
    # A shell's background job ignores SIGINT, nohup's SIGHUP, and so would every command that the tests send one.
    for name, handler in (("SIGINT", signal.default_int_handler), ("SIGHUP", signal.SIG_DFL)):
        number = getattr(signal, name, None)
        if number and signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, handler)
    if config.option.coverage and find_spec("slipcover"):
        config.pluginmanager.register(CoverageFloors(config), "coverage_floors")


def pytest_report_header(config: pytest.Config) -> str | None:
    unknown = config.option.coverage and not find_spec("slipcover")
    return "coverage: not measured, SlipCover does not know this Python yet" if unknown else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that are marked `shared` are skipped where the real records are absent."""
    if SHARED_RECORDS.is_dir():
        return
    for item in items:
        if item.get_closest_marker("shared"):
            item.add_marker(pytest.mark.skip(reason="../shared/records is absent"))


@pytest.fixture(scope="session")
def shared_records():
    """The folder of real records; for tests marked `shared`."""
    return SHARED_RECORDS


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--bombs", type=int, default=1, help="how many times larger what is too large shall be")
    parser.addoption("--kills", type=int, default=3, help="at how many moments each command is killed")
    parser.addoption(
        "--coverage", action="store_true", help="measure what the tests execute; all tests are held to floors"
    )
    parser.addoption("--missing", action="store_true", help="with --coverage: print what no test executes")
    parser.addoption("--endurance", action="store_true", help="the endurance tests in their long form")
