"""Record the REST API's first deploy, redeploy and remove, the same bytes each time: what `make record-demo` runs.

    cd tests && python -m lab.record_demo FOLDER

The account's ids come of a seed, and Node's clock stands still during a command, because the framework names what it
uploads after the time. What it asks for at once may be answered in any order, so the records are put into an order of
their own at the end, and only then are given their times and ids.
"""

from __future__ import annotations

import itertools
import json
import random
import re
import sys
import tempfile
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from lab.referee import judge_command
from lab.scenarios import scenario
from lab.stage import ANYTHING, USER, Broken, Stage

from tracer.rehearse.account import Account
from tracer.rehearse.delivery import log_files

SEED: Final = 20261103
START: Final = datetime(2026, 11, 3, 9, 2, 11, tzinfo=UTC)
PAUSE: Final = timedelta(minutes=3)
"""Between two commands."""
STEPS: Final = ("deploy", "redeploy", "remove")
ACCOUNT: Final = "123456789012"
NODE: Final = re.compile(r"linux/v\S+")
TIMES: Final = {
    re.compile(r'(?<=")\w{3} \d{1,2}, \d{4}, \d{1,2}:\d\d:\d\d [AP]M(?=")'): "%b %d, %Y, %I:%M:%S %p",
    re.compile(r'(?<=")\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z(?=")'): "%Y-%m-%dT%H:%M:%S.000000000Z",
}
"""How answers tell the time, which in the account is the machine's, and how to write it."""

Record = Mapping[str, Any]


def record() -> list[Record]:
    """The records of the deployer's calls, and of those that were made for him. Raises Broken: a command failed."""
    rest = scenario("rest")
    steps = [step for step in rest.steps if step.name in STEPS]
    done: list[Record] = []
    with tempfile.TemporaryDirectory() as folder, Account.start(judge_command(), start=START) as account:
        account.reset(SEED)
        stage = Stage.set(account, rest, Path(folder), ANYTHING)
        for number, step in enumerate(steps):
            begun = START + number * PAUSE
            seen = len(account.records())
            ran = replace(stage, user=_stopped(stage.user, begun)).play(step)
            if ran.exit_code:
                raise Broken(f"{step.name}:\n{ran.output}")
            done += _dated(_ordered(_deployers(account.records()[seen:])), begun)
    return done


def _stopped(environment: Mapping[str, str], moment: datetime) -> Mapping[str, str]:
    clock = Path(__file__).parent / "tools" / "clock.cjs"
    return {
        **environment,
        "LAB_CLOCK": str(round(moment.timestamp() * 1000)),
        "NODE_OPTIONS": f"{environment['NODE_OPTIONS']} --require {clock}",
    }


def _deployers(records: Sequence[Record]) -> list[Record]:
    return [record for record in records if record["userIdentity"].get("userName") == USER]


def _ordered(records: Sequence[Record]) -> Iterator[Record]:
    """The records, with neighbours that are the same question about different things in one order."""
    for _, asked in itertools.groupby(records, lambda record: (record["eventName"], record["sourceIPAddress"])):
        yield from sorted(asked, key=lambda record: json.dumps(record["requestParameters"], sort_keys=True))


def _dated(records: Iterator[Record], begun: datetime) -> Iterator[Record]:
    """The records with times, a second apart, and ids."""
    chance = random.Random(begun.timestamp())  # noqa: S311 - ids, not secrets
    for second, record in enumerate(records):
        agent = NODE.sub("linux/v20.20.2", record["userAgent"])
        ids = {name: str(uuid.UUID(int=chance.getrandbits(128), version=4)) for name in ("requestID", "eventID")}
        when = begun + timedelta(seconds=second)
        answer = json.dumps(record["responseElements"])
        for told, form in TIMES.items():
            answer = told.sub(when.strftime(form), answer)
        said = {"responseElements": json.loads(answer), "userAgent": agent}
        yield {**record, **ids, **said, "eventTime": when.strftime("%Y-%m-%dT%H:%M:%SZ")}


def write(records: Sequence[Record], folder: Path) -> None:
    """Write the log files that a trail in S3 would hold of them."""
    for file in log_files(records, ACCOUNT, SEED):
        path = folder / file.key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file.body)


if __name__ == "__main__":
    write(record(), Path(sys.argv[1]))
