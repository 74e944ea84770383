"""Record the run of `tracer demo`, the same bytes each time: what `make record-demo` writes.

    cd tests && python -m lab.record_demo FOLDER

The scenario is the REST API's: first deploy, redeploy and remove, among the calls of other principals and of the
deployed functions themselves (`surroundings.py`). Who deploys may do anything with the services that the team uses, of
which ECR is none.

What differs from one recording to the next is told anew at the end. The account's ids come of a seed, and Node's clock
stands still during a command, because the framework names what it uploads after the time. What it asks for at once may
be answered in any order, so neighbouring records that ask the same have an order of their own. Then each record is
given its time, a second after the one before, and its ids; the machine that recorded, and the archives that its zlib
made, are always the same.
"""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
import random
import re
import shutil
import sys
import tempfile
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from lab.referee import judge_command
from lab.scenarios import scenario
from lab.stage import Broken, Holders, Stage
from lab.surroundings import LAMBDA, Surroundings, allow

from tracer.rehearse.account import Account
from tracer.rehearse.delivery import log_files
from tracer.rehearse.shapes import spoken

SEED: Final = 20261103
START: Final = datetime(2026, 11, 3, 9, 2, 11, tzinfo=UTC)
PAUSE: Final = timedelta(seconds=40)
"""Between two scenes."""
ACCOUNT: Final = "123456789012"
ADMINISTRATOR: Final = f"arn:aws:iam::{ACCOUNT}:user/admin"
"""Who makes what stood before, and is no part of the recording."""
TEAM: Final = allow(
    "apigateway:*", "cloudformation:*", "dynamodb:*", "events:*", "iam:*", "lambda:*", "logs:*", "s3:*"
)  # fmt: skip
"""What the deployer holds."""
CURRENCY: Final = "aws ssm put-parameter --name /orders/dev/currency --type String --value EUR"
"""What stood before the service."""

MACHINE: Final = {
    r"linux/v\S+": "linux/v20.20.2",
    r"os/linux#\S+": "os/linux#6.1.0",
    r"md/arch#\S+": "md/arch#x86_64",
    r"lang/python#\S+": "lang/python#3.11.2",
    r"^Boto3/\S+ md/Botocore#\S+ (.*) Botocore/\S+": r"Boto3/1.44.5 md/Botocore#1.44.5 \1 Botocore/1.44.5",
    r"^(awslambda-worker/.*) Botocore/\S+": r"\1",
    r" m/\S+": "",
}
"""What agents tell of the machine, and of the packages that are not pinned."""
HASH: Final = re.compile(r'(?<="codeSha256": ")[^"]+')
SIZE: Final = re.compile(r'(?<="codeSize": )\d+')
TIMES: Final = {
    r'(?<=")\w{3} \d{1,2}, \d{4}, \d{1,2}:\d\d:\d\d [AP]M(?=")': spoken,
    r'(?<=")\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z(?=")': lambda when: f"{when:%Y-%m-%dT%H:%M:%S}.000000000Z",
}
"""How answers tell the time, which in the account is the machine's, and how to write it."""
LASTS: Final = {LAMBDA: timedelta(hours=12)}
"""How long a session of a role lasts that a service took; another's is an hour."""

Record = Mapping[str, Any]
Scene = Callable[[datetime], None]


def record() -> list[Record]:
    """The records of the run and of what goes on around it. Raises Broken: a command failed."""
    rest = replace(scenario("rest"), given=((None, CURRENCY),))
    told = Telling(START)
    with tempfile.TemporaryDirectory() as folder, Account.start(judge_command(), start=START) as account:
        account.reset(SEED)
        stage = Stage.set(account, rest, Path(folder), Holders([TEAM], []))
        done: list[Record] = []
        for scene in _scenes(stage, Surroundings.of(stage, SEED)):
            seen = len(account.records())
            scene(told.now)
            done += map(told.anew, _ordered(_recorded(account.records()[seen:])))
            told.now += PAUSE
    return done


def _scenes(stage: Stage, around: Surroundings) -> Iterator[Scene]:
    """What happens, in its order."""
    steps = {step.name: step for step in stage.scenario.steps}

    def deployer(name: str) -> Scene:
        def give(now: datetime) -> None:
            ran = replace(stage, user=_stopped(stage.user, now)).play(steps[name])
            if ran.exit_code:
                raise Broken(f"{name}:\n{ran.output}")

        return give

    yield deployer("deploy")
    yield lambda now: around.function_runs("create", now)
    yield lambda _: around.alice_looks_around()
    yield lambda _: around.monitoring_looks_around()
    yield deployer("redeploy")
    yield lambda _: around.alice_deploys()
    yield lambda now: around.function_runs("create", now)
    yield lambda now: around.function_runs("report", now)
    yield deployer("remove")


def _stopped(environment: Mapping[str, str], moment: datetime) -> Mapping[str, str]:
    clock = Path(__file__).parent / "tools" / "clock.cjs"
    return {
        **environment,
        "LAB_CLOCK": str(round(moment.timestamp() * 1000)),
        "NODE_OPTIONS": f"{environment['NODE_OPTIONS']} --require {clock}",
    }


def _recorded(records: Sequence[Record]) -> list[Record]:
    """All but the administrator's, in the order of their times: the account keeps a call when it has ended."""
    ours = [record for record in records if record["userIdentity"].get("arn") != ADMINISTRATOR]
    return sorted(ours, key=lambda record: str(record["eventTime"]))


def _ordered(records: Sequence[Record]) -> Iterator[Record]:
    """The records, with neighbours that are the same question about different things in one order."""
    for _, asked in itertools.groupby(records, lambda record: (record["eventName"], record["sourceIPAddress"])):
        yield from sorted(asked, key=lambda record: json.dumps(record["requestParameters"], sort_keys=True))


@dataclass(slots=True)
class Telling:
    """What is told anew of records, one after another.

    Attributes:
        now: the time of the next record.
        chance: where ids come from.
        sessions: when the sessions began that were given out, by the ids of their keys.
        archives: by their hashes, the archives of code so far.
    """

    now: datetime
    chance: random.Random = field(default_factory=lambda: random.Random(SEED))  # noqa: S311 - ids, not secrets
    sessions: dict[str, datetime] = field(default_factory=dict)
    archives: dict[str, str] = field(default_factory=dict)

    def anew(self, told: Record) -> Record:
        """The record with its time, ids and machine."""
        record: Record = json.loads(HASH.sub(self._archive, SIZE.sub("1024", json.dumps(told))))
        ids = {name: self._uuid() for name in ("requestID", "eventID", "sharedEventID") if name in record}
        said = {
            **ids,
            "eventTime": _iso(self.now),
            "userAgent": _agent(record["userAgent"]),
            "userIdentity": self._identity(record["userIdentity"]),
            "responseElements": self._answer(record),
        }
        if "additionalEventData" in record:
            said["additionalEventData"] = record["additionalEventData"] | {"x-amz-id-2": f"{ids['requestID']}="}
        self.now += timedelta(seconds=1)
        return {**record, **said}

    def _uuid(self) -> str:
        return str(uuid.UUID(int=self.chance.getrandbits(128), version=4))

    def _archive(self, found: re.Match[str]) -> str:
        return self.archives.setdefault(found[0], _sha256(f"archive {len(self.archives) + 1}"))

    def _identity(self, identity: Record) -> Record:
        """A session began when it was given out; one of a service that calls for somebody, with the call."""
        if "sessionContext" not in identity:
            return identity
        began = _iso(self.sessions.get(identity["accessKeyId"], self.now))
        context = identity["sessionContext"]
        return {**identity, "sessionContext": context | {"attributes": context["attributes"] | {"creationDate": began}}}

    def _answer(self, record: Record) -> Any:  # noqa: ANN401 - JSON
        text = json.dumps(record["responseElements"])
        for told, form in TIMES.items():
            text = re.sub(told, form(self.now), text)
        answer = json.loads(text)
        if record["eventName"] == "AssumeRole":
            given = answer["credentials"]
            self.sessions[given["accessKeyId"]] = self.now
            ends = self.now + LASTS.get(record["userIdentity"].get("invokedBy"), timedelta(hours=1))
            token = base64.b64encode(self.chance.randbytes(192)).decode()
            answer["credentials"] = given | {"sessionToken": token, "expiration": spoken(ends)}
        return answer


def _sha256(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _agent(agent: str) -> str:
    for machine, one in MACHINE.items():
        agent = re.sub(machine, one, agent)
    return agent


def _iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def write(records: Sequence[Record], folder: Path) -> None:
    """Write the log files that a trail in S3 would hold of them, in the place of those that lie in `folder`."""
    shutil.rmtree(folder / "AWSLogs", ignore_errors=True)
    for file in log_files(records, ACCOUNT, SEED):
        path = folder / file.key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file.body)


if __name__ == "__main__":
    write(record(), Path(sys.argv[1]))
