"""--verify: digests that a real key signs in a real bucket; ListPublicKeys, which moto has not, through Stubber."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from support import ACCOUNT, record
from trail_bucket import Fault, Proxy, Signer, TrailBucket, client_of

from tracer.collect.cache import Cache
from tracer.collect.s3 import S3Source
from tracer.collect.verify import LIST_KEYS
from tracer.errors import CollectError
from tracer.model.record import Unreadable
from tracer.model.run import DeployRun, TimeWindow

START = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
RUN = DeployRun(window=TimeWindow(START, START + 30 * MINUTE))
"""With the slack log files of 08:00 to 09:30 are read: the digests of 09:00 and 10:00."""

ALTERED = gzip.compress(json.dumps({"Records": [record("Forged")]}).encode(), mtime=0)


class Trail(TrailBucket):
    """A trail with log files at 08:05, 08:35 and 09:05, and a digest at each full hour until 10:00."""

    def __init__(self, endpoint: str) -> None:
        super().__init__(endpoint)
        self.signer = Signer(self)
        self.logs = [self.deliver(START + minutes * MINUTE, record(f"At{minutes}")) for minutes in (5, 35, 65)]
        self.digests = [
            self.signer.digest(START),
            self.signer.digest(START + HOUR, self.logs[:2]),
            self.signer.digest(START + 2 * HOUR, self.logs[2:]),
        ]


@pytest.fixture
def trail(no_aws: None, endpoint: str) -> Trail:
    return Trail(endpoint)


class Verified:
    """What comes of reading the bucket with --verify: names of events, what was refused and where, what is doubted."""

    def __init__(self, trail: TrailBucket, proxy: Proxy, folder: Path, *answers: tuple[str, dict[str, Any]]) -> None:
        self.stubs = [_stub(region, answer) for region, answer in answers]
        waiting = list(self.stubs)

        def client(service: str, region: str | None) -> Any:  # noqa: ANN401 - boto3's
            if service == "s3":
                return client_of(proxy.endpoint)
            assert service == "cloudtrail"
            stub = waiting.pop(0)
            assert stub.client.meta.region_name == region
            return stub.client

        self.source = S3Source(f"s3://{trail.name}", cache=Cache(folder), verify=True, client_factory=client)
        items = list(self.source.records(RUN))
        assert list(self.source.records(RUN)) == items, "the second pass gives the same, and asks for nothing"
        for stub in self.stubs:
            stub.assert_no_pending_responses()
        self.names = [json.loads(item)["eventName"] for item in items if isinstance(item, bytes)]
        self.refused = {
            item.location.removeprefix(f"s3://{trail.name}/"): item.reason
            for item in items
            if isinstance(item, Unreadable)
        }
        self.doubts = [finding.message for finding in self.source.findings() if finding.code == "INTEGRITY_UNCHECKED"]


def _stub(region: str, answer: dict[str, Any]) -> Stubber:
    stub = Stubber(_cloudtrail(region))
    stub.add_response("list_public_keys", answer, {"StartTime": START})
    stub.activate()
    return stub


def _cloudtrail(region: str) -> Any:  # noqa: ANN401 - boto3's
    return boto3.client("cloudtrail", region, aws_access_key_id="AKIAEXAMPLE", aws_secret_access_key="x")  # noqa: S106


Verify = Callable[[], Verified]


@pytest.fixture
def verified(trail: Trail, proxy: Proxy, tmp_path: Path) -> Verify:
    return lambda: Verified(trail, proxy, tmp_path / "cache", ("us-east-1", trail.signer.listed()))


def test_what_is_as_cloudtrail_delivered_it_counts_and_nothing_is_doubted(verified: Verify, proxy: Proxy):
    found = verified()
    assert (found.names, found.refused, found.doubts) == (["At5", "At35", "At65"], {}, [])
    assert len(proxy.gets) == len(set(proxy.gets)) == 6, "three logs and three digests, each once"
    verified()
    assert len(proxy.gets) == 6, "digests and their signatures are in the cache as well"


def test_an_altered_log_file_is_refused_and_reported(trail: Trail, verified: Verify):
    trail.put(trail.logs[1], ALTERED)
    found = verified()
    assert found.names == ["At5", "At65"]
    (reason,) = [found.refused[trail.logs[1]]]
    assert "another SHA-256" in reason
    assert found.doubts == []


def test_a_log_file_that_is_damaged_is_refused(trail: Trail, verified: Verify):
    trail.put(trail.logs[1], trail.body(trail.logs[1])[:-9])
    found = verified()
    assert (found.names, list(found.refused)) == (["At5", "At65"], [trail.logs[1]])


def test_a_missing_log_file_is_reported(trail: Trail, verified: Verify):
    trail.delete(trail.logs[1])
    found = verified()
    assert found.names == ["At5", "At65"]
    assert "the bucket does not hold it" in found.refused[trail.logs[1]]


def _altered(trail: Trail, key: str, _: str) -> None:
    text = trail.body(key)
    _replace(trail, key, gzip.compress(gzip.decompress(text).replace(b"us-east-1", b"us-west-1", 1), mtime=0))


def _cut(trail: Trail, key: str, _: str) -> None:
    _replace(trail, key, trail.body(key)[:-9])


def _emptied(trail: Trail, key: str, _: str) -> None:
    _replace(trail, key, b"")


def _exchanged(trail: Trail, key: str, other: str) -> None:
    """Each is as CloudTrail made it, and in the other's place, signature and all."""
    (one, ones), (two, twos) = ((trail.body(name), _metadata(trail, name)) for name in (key, other))
    trail.put(key, two, Metadata=twos)
    trail.put(other, one, Metadata=ones)


def _removed(trail: Trail, key: str, _: str) -> None:
    trail.delete(key)


def _replace(trail: Trail, key: str, body: bytes) -> None:
    trail.put(key, body, Metadata=_metadata(trail, key))


def _metadata(trail: Trail, key: str) -> dict[str, str]:
    return dict(trail.client.head_object(Bucket=trail.name, Key=key)["Metadata"])


@pytest.mark.parametrize("change", [_altered, _cut, _emptied, _exchanged, _removed], ids=lambda change: change.__name__)
@pytest.mark.parametrize("number", range(3))
def test_whatever_is_done_to_a_log_file_it_counts_no_more_and_that_is_told(
    trail: Trail, verified: Verify, number: int, change: Callable[[Trail, str, str], None]
):
    other = (number + 1) % 3
    change(trail, trail.logs[number], trail.logs[other])
    hit = {number, other} if change is _exchanged else {number}
    found = verified()
    assert set(found.refused) == {trail.logs[one] for one in hit}
    assert found.names == [name for one, name in enumerate(("At5", "At35", "At65")) if one not in hit]


@pytest.mark.parametrize("change", [_altered, _cut, _emptied, _exchanged, _removed], ids=lambda change: change.__name__)
@pytest.mark.parametrize("number", [1, 2])
def test_whatever_is_done_to_a_digest_what_it_listed_is_doubted(
    trail: Trail, verified: Verify, number: int, change: Callable[[Trail, str, str], None]
):
    change(trail, trail.digests[number], trail.digests[3 - number])
    found = verified()
    assert found.doubts
    last_one_removed = (number, change) == (2, _removed)
    assert bool(found.refused) is not last_one_removed, "that there was a last one is known by nobody"


def test_log_files_outside_the_window_are_not_missed(trail: Trail, verified: Verify):
    late = trail.deliver(START + 100 * MINUTE, record("Late"))
    trail.signer.digest(START + 2 * HOUR + MINUTE, [late])
    trail.delete(late)
    assert verified().refused == {}


def test_log_files_that_are_in_no_digest_yet_are_doubted_and_count(trail: Trail, verified: Verify):
    trail.delete(trail.digests[2])
    found = verified()
    assert found.names == ["At5", "At35", "At65"]
    (doubt,) = found.doubts
    assert doubt.startswith(f"1 log files of us-east-1 of account {ACCOUNT} were not verified")
    assert "in no digest yet" in doubt


def test_a_log_file_that_a_full_digest_leaves_out_is_doubted(trail: Trail, verified: Verify):
    trail.deliver(START + 20 * MINUTE, record("Slipped in"))
    found = verified()
    assert found.names == ["At5", "Slipped in", "At35", "At65"]
    (doubt,) = found.doubts
    assert "no valid digest lists them" in doubt


def test_without_digests_all_is_doubted(proxy: Proxy, endpoint: str, no_aws: None, tmp_path: Path):
    plain = TrailBucket(endpoint)
    plain.deliver(START, record("A"))
    found = Verified(plain, proxy, tmp_path)
    assert found.names == ["A"]
    assert "is the trail's log file validation on?" in found.doubts[0]


def test_an_altered_digest_is_refused_and_what_it_lists_is_doubted(trail: Trail, verified: Verify):
    """Who alters a log file has to alter its digest as well, and cannot sign it."""
    key = trail.digests[1]
    digest = json.loads(gzip.decompress(trail.body(key)))
    digest["logFiles"] = []
    signature = trail.client.head_object(Bucket=trail.name, Key=key)["Metadata"]
    trail.put(key, gzip.compress(json.dumps(digest).encode()), Metadata=signature)
    trail.put(trail.logs[0], ALTERED)
    found = verified()
    assert found.names == ["Forged", "At35", "At65"]
    assert "its signature does not fit" in found.refused[key]
    assert found.doubts[0].startswith("2 log files")


def test_a_missing_digest_is_known_by_the_one_after_it(trail: Trail, verified: Verify):
    trail.delete(trail.digests[1])
    found = verified()
    assert "names this digest" in found.refused[trail.digests[1]]
    assert found.doubts[0].startswith("2 log files")


def test_a_digest_of_another_place_is_refused(trail: Trail, verified: Verify):
    """A rightly signed digest without log files, put in place of the one that lists them."""
    body = trail.body(trail.digests[0])
    metadata = trail.client.head_object(Bucket=trail.name, Key=trail.digests[0])["Metadata"]
    trail.put(trail.digests[1], body, Metadata=metadata)
    assert "not where CloudTrail delivered it" in verified().refused[trail.digests[1]]


def test_a_digest_that_was_delivered_anew_breaks_the_chain(trail: Trail, verified: Verify):
    """It is rightly signed and in its place: the next one alone knows that there was another."""
    again = Signer(trail)
    again._key, again.fingerprint = trail.signer._key, trail.signer.fingerprint
    again.digest(START + HOUR, [])
    found = verified()
    assert "names another hash" in found.refused[trail.digests[1]]
    assert found.doubts[0].startswith("2 log files")


@pytest.mark.parametrize(
    ("body", "metadata"),
    [(b"no gzip", {"signature": "00"}), (gzip.compress(b"{}"), {"signature": "00"}), (None, {})],
    ids=["no-gzip", "no-digest", "no-signature"],
)
def test_what_is_no_digest_is_refused(trail: Trail, verified: Verify, body: bytes | None, metadata: dict[str, str]):
    trail.put(trail.digests[1], body or trail.body(trail.digests[1]), Metadata=metadata)
    assert list(verified().refused) == [trail.digests[1]]


def test_a_key_that_the_region_does_not_know_is_asked_for_in_the_trail_s_home(
    no_aws: None, endpoint: str, proxy: Proxy, tmp_path: Path
):
    trail = TrailBucket(endpoint)
    signer = Signer(trail, region="eu-west-1")
    log = trail.deliver(START, record("A"), region="eu-west-1")
    signer.digest(START + HOUR, [log])
    nothing: dict[str, Any] = {"PublicKeyList": []}
    found = Verified(trail, proxy, tmp_path / "a", ("eu-west-1", nothing), ("us-east-1", signer.listed()))
    assert (found.names, found.refused, found.doubts) == (["A"], {}, [])
    found = Verified(trail, proxy, tmp_path / "b", ("eu-west-1", nothing), ("us-east-1", nothing))
    (reason,) = found.refused.values()
    assert "none of CloudTrail's in eu-west-1 or us-east-1" in reason


def test_two_trails_deliver_to_one_bucket(trail: Trail, proxy: Proxy, tmp_path: Path):
    second = Signer(trail, trail="security")
    log = trail.deliver(START + 6 * MINUTE, record("Second"))
    second.digest(START + HOUR, [log])
    listed = {"PublicKeyList": trail.signer.listed()["PublicKeyList"] + second.listed()["PublicKeyList"]}
    found = Verified(trail, proxy, tmp_path, ("us-east-1", listed))
    assert (found.names, found.refused, found.doubts) == (["At5", "Second", "At35", "At65"], {}, [])


def test_digests_that_may_not_be_listed_are_told(trail: Trail, proxy: Proxy, tmp_path: Path):
    proxy.faults = [Fault("AccessDenied", "prefix=AWSLogs/123456789012/CloudTrail-Digest/")]
    found = Verified(trail, proxy, tmp_path)
    assert found.names == ["At5", "At35", "At65"]
    assert "3 log files" in found.doubts[0]
    assert "was denied" in found.doubts[0]


def test_public_keys_that_may_not_be_asked_for_stop_it(trail: Trail, proxy: Proxy, tmp_path: Path):
    stub = Stubber(_cloudtrail("us-east-1"))
    stub.add_client_error("list_public_keys", "AccessDeniedException")
    stub.activate()
    source = S3Source(
        f"s3://{trail.name}",
        cache=Cache(tmp_path),
        verify=True,
        client_factory=lambda service, _: client_of(proxy.endpoint) if service == "s3" else stub.client,
    )
    with pytest.raises(CollectError, match=f"{LIST_KEYS} in us-east-1 was denied"):
        list(source.records(RUN))
