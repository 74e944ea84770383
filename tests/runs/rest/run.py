"""Play a REST API's life into records, as AWS would have delivered them to a trail in S3.

In comes a seed, out goes a folder: `AWSLogs/<account>/CloudTrail/<region>/...json.gz` and one digest. The run is a
Serverless Framework 3.40 service `orders` at stage `dev`: a REST API with two routes and one function behind it, a
DynamoDB table, a scheduled function, log groups with a retention of their own. It is deployed for the first time,
deployed again with new code, and removed.

The demo's run is the same life, recorded in the lab; this one is GENERATED, from documented call lists. It has what
the lab's account does not hold: a sign-in to the console, a session of Identity Center's, AWS's own calls, an event
that is no API call, polls, each handler's reads, tags of CloudFormation's own, a digest.

- the command's own calls, in their order, are those of Serverless 3.40's source (`lib/plugins/aws/`);
- what CloudFormation then calls for the same user follows the permissions that each type's registry schema lists for
  its create, read, update and delete handlers, as far as a resource without the optional properties causes them
  (https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html);
- field names, identities and spellings follow CloudTrail's user guide and records that others have published.

It shows what a trail with default settings shows: management events. The objects that Serverless puts into its bucket,
the bucket's HEAD and list calls, `iam:PassRole` and the permissions behind tags have no record in it, and must not.

The generator stands alone on purpose: it imports nothing of tracer, so that no mistake of tracer can hide in its own
tests. `recorder` makes records, `stack` is CloudFormation, `serverless` the command, `surroundings` the rest of the
account, and this module the trail.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import random
import string
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from runs.recorder import ACCOUNT, REGION, Json, Recorder, User, iso
from runs.rest.serverless import first_deploy, redeploy, remove
from runs.rest.stack import Stack
from runs.rest.surroundings import (
    alice_deploys_something_else,
    alice_looks_around,
    auditor_reads,
    aws_looks_around,
    function_runs,
)

SEED: Final = 20261103
START: Final = datetime(2026, 11, 3, 9, 2, 11, tzinfo=UTC)
SERVERLESS_AGENT: Final = "aws-sdk-nodejs/2.1693.0 linux/v20.20.2 promise"
CLI_AGENT: Final = "aws-cli/2.31.6 md/awscrt#0.27.6 ua/2.1"
TRAIL_BUCKET: Final = "example-trail-bucket"


def make_records(seed: int = SEED) -> list[Json]:
    """The run and its surroundings, in the order in which they were played."""
    recorder = Recorder(random.Random(seed), START)  # noqa: S311 - reproducible on purpose
    deployer = User("deployer", recorder.key("AIDA"), recorder.key("AKIA"), "192.0.2.14", SERVERLESS_AGENT)
    alice = User("alice", recorder.key("AIDA"), recorder.key("AKIA"), "203.0.113.9", CLI_AGENT)
    stack = Stack.new(recorder, deployer)
    first_deploy(stack)
    recorder.wait(40)
    function_runs(stack, "create")
    alice_looks_around(recorder, alice)
    function_runs(stack, "create")
    recorder.wait(60)
    auditor_reads(recorder)
    recorder.wait(60)
    redeploy(stack)
    recorder.wait(-30)  # while the redeploy is still going on
    alice_deploys_something_else(recorder, alice)
    recorder.wait(60)
    function_runs(stack, "create")
    function_runs(stack, "report")
    aws_looks_around(recorder)
    recorder.wait(240)
    remove(stack)
    return recorder.records


DUPLICATES: Final = 5
"""How many records stand in two files: "log files may contain duplicate events"
(https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-find-log-files.html)."""
EVERY: Final = timedelta(minutes=5)
LATEST: Final = timedelta(minutes=6)
"""A call is delivered within about five minutes on average, without a promise."""


def _slot(moment: datetime) -> datetime:
    """The first full five minutes at or after a moment."""
    midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight + -((midnight - moment) // EVERY) * EVERY


def deliver(records: list[Json], seed: int = SEED) -> dict[str, bytes]:
    """The uncompressed files of the bucket by their keys: logs by time of delivery, out of order, and one digest."""
    chance = random.Random(seed + 1)  # noqa: S311 - reproducible on purpose
    twice = {record["eventID"] for record in chance.sample(records, DUPLICATES)}
    batches: dict[tuple[datetime, int], list[Json]] = {}
    for record in records:
        arrival = _slot(datetime.fromisoformat(record["eventTime"]) + LATEST * chance.random())
        part = chance.randrange(2)
        batches.setdefault((arrival, part), []).append(record)
        if record["eventID"] in twice:
            batches.setdefault((arrival + EVERY, part), []).append(record)
    files: dict[str, bytes] = {}
    root = f"AWSLogs/{ACCOUNT}"
    for (arrival, _), batch in sorted(batches.items(), key=lambda item: item[0]):
        chance.shuffle(batch)
        unique = "".join(chance.choices(string.ascii_letters + string.digits, k=16))
        name = f"{ACCOUNT}_CloudTrail_{REGION}_{arrival:%Y%m%dT%H%MZ}_{unique}.json.gz"
        files[f"{root}/CloudTrail/{REGION}/{arrival:%Y/%m/%d}/{name}"] = _dump({"Records": batch})
    return files | _digest(files, records, root)


def _digest(files: Mapping[str, bytes], records: list[Json], root: str) -> dict[str, bytes]:
    """The hour's digest: it lists the logs with the hash of their uncompressed bytes, and readers of logs leave it out.

    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-validation-digest-file-structure.html
    """
    end = datetime(2026, 11, 3, 10, 0, tzinfo=UTC)
    name = f"{ACCOUNT}_CloudTrail-Digest_{REGION}_management-trail_{REGION}_{end:%Y%m%dT%H%M%SZ}.json.gz"
    key = f"{root}/CloudTrail-Digest/{REGION}/{end:%Y/%m/%d}/{name}"
    times = sorted(record["eventTime"] for record in records)
    digest = {
        "awsAccountId": ACCOUNT,
        "digestStartTime": iso(end - timedelta(hours=1)),
        "digestEndTime": iso(end),
        "digestS3Bucket": TRAIL_BUCKET,
        "digestS3Object": key,
        "newestEventTime": times[-1],
        "oldestEventTime": times[0],
        "digestPublicKeyFingerprint": hashlib.sha256(b"example").hexdigest()[:32],
        "digestSignatureAlgorithm": "SHA256withRSA",
        "previousDigestS3Bucket": None,
        "previousDigestS3Object": None,
        "previousDigestHashValue": None,
        "previousDigestHashAlgorithm": None,
        "previousDigestSignature": None,
        "logFiles": [
            {
                "s3Bucket": TRAIL_BUCKET,
                "s3Object": log,
                "hashValue": hashlib.sha256(content).hexdigest(),
                "hashAlgorithm": "SHA-256",
                "newestEventTime": max(record["eventTime"] for record in json.loads(content)["Records"]),
                "oldestEventTime": min(record["eventTime"] for record in json.loads(content)["Records"]),
            }
            for log, content in files.items()
        ],
    }
    return {key: _dump(digest)}


def _dump(document: Json) -> bytes:
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()


def write(folder: Path, seed: int = SEED) -> None:
    """Write the run below `folder`. The time in the gzip headers is 0, so that a second run writes the same."""
    for key, content in deliver(make_records(seed), seed).items():
        path = folder / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(gzip.compress(content, mtime=0))


@contextmanager
def records_path() -> Iterator[Path]:
    """A folder with the run, while it is needed."""
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder))
        yield Path(folder)
