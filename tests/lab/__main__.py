"""The whole lab: every scenario under every policy.

    cd tests && python -m lab                  what `make lab` runs
    cd tests && python -m lab rest queue       some scenarios
    cd tests && python -m lab --really rest    leave-one-out by deploying once more for each action

Prints a row a scenario and policy as soon as the scenario is done, then what was refused softly and what nobody would
have missed; exits with 1 where a row fails.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from click import echo
from lab.deploy_tools import ToolMissing
from lab.leave_one_out import actions, play_without, unused
from lab.referee import judge_command
from lab.row import Row, table
from lab.scenarios import SCENARIOS, Scenario
from lab.stage import Broken
from lab.trial import LIFECYCLE, MERGES, Trial, holders_of, prove

from tracer.rehearse.account import Account
from tracer.rehearse.judge import JudgeProcess

WORKERS = 2


def rows(scenario: Scenario) -> list[Row]:
    """The rows of a scenario."""
    with tempfile.TemporaryDirectory() as name, Account.start(judge_command()) as account:
        folder = Path(name)
        trial = Trial.hold(account, scenario, folder / "trial")
        policies = {mode: trial.policies(mode) for mode in (*MERGES, LIFECYCLE)}
        made = []
        for mode, written in policies.items():
            account.reset()
            proof = prove(account, scenario, folder / f"proof-{mode}", holders_of(written, scenario))
            with JudgeProcess.start(judge_command()) as judge:
                made.append(Row(mode, proof, unused(proof, judge)))
        return made


def really_left_out(scenario: Scenario) -> Iterator[str]:
    """For each action of the observed policy the step that misses it, or that nobody does."""
    with tempfile.TemporaryDirectory() as name, Account.start(judge_command()) as account:
        folder = Path(name)
        holders = holders_of(Trial.hold(account, scenario, folder / "trial").policies("observed"), scenario)
        for action in actions(holders.deployer):
            account.reset()
            ran = play_without(account, scenario, folder / action.replace(":", "-"), holders, action)
            yield f"{action}: {'nobody misses it' if ran is None else f'{ran.step.name} exits with {ran.exit_code}'}"


def main(words: Sequence[str]) -> int:
    """The exit code."""
    parser = argparse.ArgumentParser(prog="python -m lab")
    parser.add_argument("names", nargs="*", metavar="SCENARIO")
    parser.add_argument("--really", action="store_true")
    asked = parser.parse_args(words)
    chosen = [known for known in SCENARIOS if known.name in (asked.names or [known.name])]
    if asked.really:
        for scenario in chosen:
            for line in really_left_out(scenario):
                echo(f"{scenario.name}: {line}")
        return 0
    done: list[Row] = []
    faults: list[str] = []
    with ThreadPoolExecutor(WORKERS) as workers:
        for scenario, made in zip(chosen, workers.map(_tried, chosen), strict=True):
            if isinstance(made, str):
                faults.append(f"{scenario.name}: {made}")
                continue
            done += made
            echo(table(made).split("\n", 2)[2], err=True)
    echo(table(done))
    for row in done:
        if row.mode == "observed" and row.unused:
            echo(f"{row.proof.scenario.name}: nobody would have missed {', '.join(row.unused)}")
        for call in row.proof.soft:
            echo(f"{row.proof.scenario.name}, {row.mode}: refused, and swallowed by the tool: {call.denied}")
    faults += [row.fault for row in done if row.fault]
    echo("\n\n".join(faults), err=True)
    return 1 if faults else 0


def _tried(scenario: Scenario) -> list[Row] | str:
    """The rows of a scenario, or why there are none."""
    try:
        return rows(scenario)
    except (Broken, ToolMissing) as error:
        return str(error)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
