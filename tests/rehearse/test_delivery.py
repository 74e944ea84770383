"""The log files of a trail: all records, some twice, in no order, under the time of their delivery."""

from __future__ import annotations

import gzip
import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence

from hypothesis import given
from hypothesis import strategies as st
from rehearse_support import ACCOUNT

from tracer.rehearse.delivery import RECORDS_A_FILE, LogFile, log_files

KEY = re.compile(
    r"AWSLogs/(\d{12})/CloudTrail/([a-z0-9-]+)/(\d{4})/(\d\d)/(\d\d)/"
    r"\1_CloudTrail_\2_\3\4\5T\d{4}Z_[A-Za-z0-9]{16}\.json\.gz"
)


def record(number: int, region: str = "us-east-1", time: str = "2026-11-24T08:00:01Z") -> dict[str, str]:
    return {"eventID": str(number), "awsRegion": region, "eventTime": time}


def content(file: LogFile) -> Sequence[Mapping[str, str]]:
    records: list[dict[str, str]] = json.loads(gzip.decompress(file.body))["Records"]
    return records


@given(st.lists(st.sampled_from(["us-east-1", "eu-west-1"]), max_size=200), st.integers(0, 99))
def test_every_record_is_in_one_file_or_in_two(regions: list[str], seed: int):
    records = [record(number, region) for number, region in enumerate(regions)]
    files = list(log_files(records, ACCOUNT, seed))
    found = Counter(item["eventID"] for file in files for item in content(file))
    assert found.keys() == {item["eventID"] for item in records}
    assert set(found.values()) <= {1, 2}
    assert all(f"/{item['awsRegion']}/" in file.key for file in files for item in content(file))


def test_the_files_lie_as_cloudtrails_do_and_their_keys_differ():
    files = list(log_files([record(number) for number in range(3 * RECORDS_A_FILE)], ACCOUNT, 1))
    assert all(KEY.fullmatch(file.key) for file in files)
    assert len({file.key for file in files}) == len(files) >= 3


def test_a_file_is_late_and_says_when_it_came():
    (file,) = log_files([record(1, time="2026-11-24T23:58:00Z")], ACCOUNT, 1)
    assert "/2026/11/25/" in file.key


def test_records_are_mixed_and_some_come_twice():
    numbers = [item["eventID"] for file in log_files(map(record, range(60)), ACCOUNT, 1) for item in content(file)]
    assert numbers != sorted(numbers, key=int)
    assert len(numbers) > 60


def test_the_same_seed_gives_the_same_bytes():
    records = [record(number) for number in range(60)]
    assert list(log_files(records, ACCOUNT, 5)) == list(log_files(records, ACCOUNT, 5))
    assert list(log_files(records, ACCOUNT, 5)) != list(log_files(records, ACCOUNT, 6))


def test_nothing_gives_no_file():
    assert list(log_files([], ACCOUNT, 1)) == []
