"""Which bin a record ends in: the first that fits, in the order of the contract."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from itertools import pairwise, permutations
from typing import Any

import pytest
from reduce_support import DEPLOYER, actions_of, asked_for, bins, codes, trace_of
from support import ABSENT, assumed_role, aws_service, forwarded, iam_user, record, root

from tracer import reduce
from tracer.errors import NothingSelected
from tracer.model.record import RawRecord, Unreadable
from tracer.model.run import DeployRun, TimeWindow
from tracer.model.trace import Accounting
from tracer.reduce.attribution import Attribution
from tracer.reduce.calls import Calls, Reading
from tracer.reduce.seen import Seen
from tracer.reduce.select import Binned, Selected, select

INSIDE, OUTSIDE = "2026-11-24T08:00:00Z", "2026-11-24T12:00:00Z"
WINDOW = TimeWindow(datetime(2026, 11, 24, 8, tzinfo=UTC), datetime(2026, 11, 24, 9, tzinfo=UTC))
ALICE = iam_user("alice")
DENIED = {"error": "AccessDenied", "message": "Access Denied"}
TERRAFORM = "APN/1.0 HashiCorp/1.0 Terraform/1.9.8"
RUN = asked_for(window=WINDOW, user_agents=("Terraform",))


def call(event_name: str = "GetRole", **fields: Any) -> dict[str, Any]:  # noqa: ANN401 - any field of a record
    """A call that the run's window and filters let pass, unless `fields` say otherwise."""
    request = {"roleName": "app"}
    return record(event_name, **{"time": INSIDE, "userAgent": TERRAFORM, "request": request} | fields)


USED = call("CreateRole")
"""A call of the run, so that a trace there is."""

FILTERED = {"userAgent": "aws-cli/2.31.6"}
NO_CALL = {"eventType": "AwsServiceEvent"}
NEEDS_NONE = {"event_name": "GetCallerIdentity", "event_source": "sts.amazonaws.com"}
UNMAPPED = {"event_name": "GetThing"}
LAMBDA = {"event_name": "ListFunctions", "event_source": "lambda.amazonaws.com"}
CLOUDFRONT = {"event_name": "ListDistributions", "event_source": "cloudfront.amazonaws.com"}


# --- each bin ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bin_", "raw"),
    [
        ("unreadable", b"{nonsense"),
        ("other_principal", call(user=ALICE)),
        ("outside_window", call(time=OUTSIDE)),
        ("filtered_out", call(**FILTERED)),
        ("duplicate", USED),
        ("not_an_api_call", call(**NO_CALL)),
        ("no_permission_needed", call(**NEEDS_NONE)),
        ("denied", call(**DENIED)),
        ("unmapped", call(**UNMAPPED)),
        ("used", call()),
    ],
)
def test_each_bin(bin_: str, raw: RawRecord):
    assert bins(trace_of(USED, raw, run=RUN)) == ({"used": 2} if bin_ == "used" else {"used": 1, bin_: 1})


def test_what_names_no_call_is_unreadable_although_its_caller_is_known():
    nameless = {key: value for key, value in USED.items() if key not in ("eventName", "eventSource", "eventType")}
    raws = [json.dumps(raw).encode() for raw in (USED, nameless | {"eventID": "another"})]
    assert bins(trace_of(*raws, run=RUN)) == {"used": 1, "unreadable": 1}


OF_THE_RUN = {"duplicate", "not_an_api_call"}


@pytest.mark.parametrize(
    ("bin_", "raw"),
    [
        ("other_principal", call(user=ALICE)),
        ("outside_window", call(time=OUTSIDE)),
        ("filtered_out", call(**FILTERED)),
        ("duplicate", USED),
        ("not_an_api_call", call(**NO_CALL)),
    ],
)
def test_what_is_no_call_of_the_run_still_says_what_it_is(bin_: str, raw: Mapping[str, Any]):
    """The record goes on as it came: `tracer collect` writes it, and of copies of one record the smaller counts."""
    selected, binned = sorted_out(USED, raw)
    assert isinstance(selected, Selected)
    assert isinstance(binned, Binned)
    assert (binned.bin, binned.raw) == (bin_, raw)
    assert isinstance(binned.reading, Reading)
    assert binned.reading.call.event_name == raw["eventName"]
    assert binned.of_the_run is (bin_ in OF_THE_RUN)
    assert binned.event_id == (raw["eventID"] if bin_ in OF_THE_RUN else "")


def sorted_out(*raws: RawRecord) -> list[Selected | Binned]:
    """What `select` makes of records, after the pass over all of them that tells who belongs to the run."""
    attribution, calls = Attribution(RUN), Calls()
    for raw in raws:
        attribution.observe(calls.read(raw))
    return list(select(raws, RUN, attribution.members(), Seen(), calls))


def test_what_cannot_be_read_is_told_with_the_reason_and_the_place():
    broken = Unreadable("truncated gzip", "a.json.gz")
    assert sorted_out(broken) == [Binned("unreadable", broken, broken)]
    (finding,) = (one for one in trace_of(USED, broken, run=RUN).findings if one.code == "UNREADABLE_RECORD")
    assert (finding.message, finding.count, finding.events) == ("truncated gzip (a.json.gz)", 1, ())


def broken_in(part: str, number: int) -> RawRecord:
    match part:
        case "time":
            return call(eventTime=f"half past {number}", eventID=f"{number:04}")
        case "out of range":
            return call(eventTime=f"0001-01-01T00:{number % 60:02}:{number // 60:02}+23:59", eventID=f"{number:04}")
        case "encoding":
            return b'{"eventID":"%d", "eventName":"%b\xff"}' % (number, b"a" * number)
        case _:
            return b'{"eventID":"%d", "eventName":%b}' % (number, b"9" * (5000 + number))


@pytest.mark.parametrize(
    ("part", "message", "events"),
    [
        ("time", "not a CloudTrail record: eventTime is no time", ("0000", "0001", "0002")),
        ("out of range", "not a CloudTrail record: eventTime is out of range", ("0000", "0001", "0002")),
        ("encoding", "not JSON: not valid UTF-8 (invalid start byte)", ()),
        ("number", "not JSON: Exceeds the limit (4300 digits) for integer string conversion", ()),
    ],
)
def test_one_finding_speaks_for_all_that_are_broken_alike(part: str, message: str, events: tuple[str, ...]):
    """It counts them and names some: whoever writes records makes no more findings than there are kinds."""
    trace = trace_of(USED, *reversed([broken_in(part, number) for number in range(300)]), run=RUN)
    (finding,) = (one for one in trace.findings if one.code == "UNREADABLE_RECORD")
    assert (finding.message, finding.count, finding.events) == (f"{message} (a record)", 300, events)
    assert trace.accounting.unreadable == 300


# A record that fits two bins ends in the first of them. Each of these fits the bin named first and the one behind it.
BOTH: dict[tuple[str, str], RawRecord] = {
    ("unreadable", "other_principal"): json.dumps(call(user=ALICE))[:-1].encode(),
    ("other_principal", "outside_window"): call(user=ALICE, time=OUTSIDE),
    ("other_principal", "not_an_api_call"): call(user=ALICE, **NO_CALL),
    ("other_principal", "denied"): call(user=ALICE, **DENIED),
    ("outside_window", "filtered_out"): call(time=OUTSIDE, **FILTERED),
    ("outside_window", "duplicate"): call("CreateRole", time=OUTSIDE, eventID=USED["eventID"]),
    ("filtered_out", "duplicate"): call("CreateRole", eventID=USED["eventID"], **FILTERED),
    ("filtered_out", "not_an_api_call"): call(**FILTERED, **NO_CALL),
    ("duplicate", "not_an_api_call"): call(eventID=USED["eventID"], **NO_CALL),
    ("not_an_api_call", "no_permission_needed"): call(**NO_CALL, **NEEDS_NONE),
    ("not_an_api_call", "denied"): call(**NO_CALL, **DENIED),
    ("not_an_api_call", "unmapped"): call(**NO_CALL, **UNMAPPED),
    ("no_permission_needed", "denied"): call(**NEEDS_NONE, **DENIED),
    ("denied", "unmapped"): call(**UNMAPPED, **DENIED),
}


@pytest.mark.parametrize(("both", "raw"), BOTH.items(), ids=["+".join(both) for both in BOTH])
def test_a_record_ends_in_the_first_bin_that_fits(both: tuple[str, str], raw: RawRecord):
    first, _ = both
    trace = trace_of(USED, raw, run=RUN)
    assert bins(trace) == {"used": 1, first: 1}


def test_the_order_of_the_bins_is_the_contracts():
    order = list(Accounting.__slots__)
    assert order == [
        "unreadable", "other_principal", "outside_window", "filtered_out", "duplicate", "not_an_api_call",
        "no_permission_needed", "denied", "unmapped", "used",
    ]  # fmt: skip
    for first, second in BOTH:
        assert order.index(first) < order.index(second)
    neighbours = set(pairwise(order[:-1]))
    assert {pair for pair in neighbours if pair not in BOTH} == set(), "each bin is tested against the next"


def test_the_bins_sum_to_the_records_read():
    trace = trace_of(USED, *BOTH.values(), run=RUN)
    assert trace.accounting.read == len(BOTH) + 1
    assert trace.accounting.to_json()["read"] == sum(bins(trace).values())


# --- what is no call, what needs no permission ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "kind", ["AwsServiceEvent", "AwsConsoleAction", "AwsConsoleSignIn", "AwsCloudTrailInsight", "AwsVpceEvent"]
)
def test_only_an_api_call_means_a_permission(kind: str):
    assert bins(trace_of(USED, call(eventType=kind))) == {"used": 1, "not_an_api_call": 1}


def test_records_of_the_first_versions_have_no_type():
    assert bins(trace_of(call(eventType=ABSENT))) == {"used": 1}


@pytest.mark.parametrize(
    "code", ["NoSuchBucket", "ThrottlingException", "ValidationError", "EntityAlreadyExistsException"]
)
def test_a_call_that_failed_otherwise_needed_its_permission(code: str):
    trace = trace_of(call("CreateRole", error=code))
    assert bins(trace) == {"used": 1}
    assert actions_of(trace) == {"iam:CreateRole"}


@pytest.mark.parametrize("request_", [None, {"omitted": True, "originalSize": 120_000, "reason": "too large"}])
def test_absent_parameters_never_decide_the_bin(request_: Mapping[str, Any] | None):
    trace = trace_of(call("CreateRole", request=request_))
    assert bins(trace) == {"used": 1}
    assert "UNKNOWN_RESOURCE" in codes(trace)


# --- who counts -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "user",
    [
        aws_service(),
        {"accountId": "123456789012", "invokedBy": "secretsmanager.amazonaws.com"},
        assumed_role("AWSServiceRoleForRDS", "SLRManagement", path="/aws-service-role/rds.amazonaws.com/"),
        {"type": "AWSAccount", "principalId": "AIDAX", "accountId": "999999999999"},
        iam_user(account="999999999999"),
    ],
    ids=["service", "service without a type", "service-linked role", "AWSAccount", "another account's user"],
)
@pytest.mark.parametrize("run", [DeployRun(), asked_for()], ids=["every caller", "one principal"])
def test_calls_that_no_policy_of_the_account_is_for(user: Mapping[str, Any], run: DeployRun):
    other = call(user=user, recipientAccountId="123456789012")
    assert bins(trace_of(USED, other, run=run)) == {"used": 1, "other_principal": 1}


def test_a_cross_account_call_seen_twice_counts_where_the_caller_is():
    """Two records, the same sharedEventID, each with an eventID and a recipient of its own (CloudTrail user guide,
    shared-event-ID).
    """
    own = call("AssumeRole", event_source="sts.amazonaws.com", request={"roleArn": "arn:aws:iam::999999999999:role/x"},
               sharedEventID="s1", recipientAccountId="123456789012")  # fmt: skip
    theirs = own | {"eventID": "other", "recipientAccountId": "999999999999"}
    for order in permutations((own, theirs)):
        assert bins(trace_of(*order)) == {"used": 1, "other_principal": 1}


def test_the_root_counts_with_a_finding():
    trace = trace_of(call(user=root()), run=asked_for("arn:aws:iam::123456789012:root"))
    assert bins(trace) == {"used": 1}
    assert "ROOT_CALLER" in codes(trace)


# --- window and filters -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("time", "inside"),
    [
        ("2026-11-24T07:59:59Z", False),
        ("2026-11-24T08:00:00Z", True),
        ("2026-11-24T08:59:59Z", True),
        ("2026-11-24T09:00:00Z", False),
    ],
)
def test_the_window_is_half_open(time: str, inside: bool):
    first = call("CreateRole", time="2026-11-24T08:30:00Z")
    assert bins(trace_of(first, call(time=time), run=DeployRun(window=WINDOW))).get("outside_window", 0) == (not inside)


@pytest.mark.parametrize(
    ("run", "fields", "passes"),
    [
        ({"user_agents": ("Terraform",)}, {}, True),
        ({"user_agents": ("terraform",)}, {}, False),
        ({"user_agents": ("aws-cli", "Terraform")}, {}, True),
        ({"user_agents": ("Terraform",)}, {"userAgent": ABSENT}, False),
        ({"event_sources": ("iam",)}, {}, True),
        ({"event_sources": ("s3",)}, {}, False),
        ({"event_sources": ("iam",), "user_agents": ("aws-cli",)}, {}, False),
        ({"accounts": ("123456789012",)}, {}, True),
        ({"accounts": ("999999999999",)}, {}, False),
        ({"regions": ("eu-central-1",)}, LAMBDA, False),
        ({"regions": ("eu-central-1",)}, LAMBDA | {"region": "eu-central-1"}, True),
        ({"regions": ("eu-central-1",)}, {}, True),
        ({"regions": ("eu-central-1",)}, CLOUDFRONT, True),
    ],
    ids=[
        "agent", "agent, other case", "one of two agents", "no agent", "source", "other source", "both options",
        "account",
        "other account", "other region", "region", "IAM is in us-east-1", "CloudFront is in us-east-1",
    ],
)  # fmt: skip
def test_a_filter(run: dict[str, Any], fields: dict[str, Any], passes: bool):
    if passes:
        assert bins(trace_of(call(**fields), run=asked_for(**run))) == {"used": 1}
    else:
        with pytest.raises(NothingSelected) as caught:
            trace_of(call(**fields), run=asked_for(**run))
        assert "filtered out" in caught.value.message


def test_a_forwarded_call_has_its_services_user_agent():
    direct = call("CreateStack", event_source="cloudformation.amazonaws.com", request={"stackName": "orders-dev"})
    via = call("CreateRole", **forwarded(iam_user()))
    assert bins(trace_of(direct, via, run=RUN)) == {"used": 2}


# --- duplicates -------------------------------------------------------------------------------------------------------


def test_one_event_counts_once_however_often_it_was_delivered():
    trace = trace_of(USED, USED, dict(reversed(USED.items())), json.dumps(USED, indent=2).encode())
    assert bins(trace) == {"used": 1, "duplicate": 3}
    assert "CONFLICTING_DUPLICATE" not in codes(trace)
    assert {used.evidence.count for used in trace.permissions} == {1}


def test_of_different_contents_the_smaller_counts_in_any_order():
    variants = [call(event, eventID="same") for event in ("GetRole", "CreateRole", "DeleteRole")]
    for order in permutations(variants):
        trace = trace_of(*order)
        assert actions_of(trace) == {"iam:CreateRole"}, "the canonical JSON begins alike, up to the event name"
        assert bins(trace) == {"used": 1, "duplicate": 2}
        (finding,) = [finding for finding in trace.findings if finding.code == "CONFLICTING_DUPLICATE"]
        assert (finding.count, finding.events) == (1, ("same",))


def test_the_one_that_counts_counts_once():
    variants = [call(event, eventID="same") for event in ("GetRole", "CreateRole")]
    assert bins(trace_of(*variants, *variants)) == {"used": 1, "duplicate": 3}


def test_only_what_would_be_selected_is_tested():
    """A copy that a filter leaves out neither hides the other nor conflicts with it."""
    outside = call("CreateRole", time=OUTSIDE, eventID=USED["eventID"])
    for order in permutations((outside, USED)):
        trace = trace_of(*order, run=RUN)
        assert bins(trace) == {"used": 1, "outside_window": 1}
        assert "CONFLICTING_DUPLICATE" not in codes(trace)


def test_without_an_id_nothing_is_a_duplicate():
    anonymous = call("CreateRole", eventID=ABSENT)
    trace = trace_of(anonymous, anonymous)
    assert bins(trace) == {"used": 2}
    (used,) = trace.permissions
    assert used.evidence.count == 2
    assert all(event.startswith("sha256:") for event in used.evidence.events)


# --- nothing selected -------------------------------------------------------------------------------------------------


def test_the_error_lists_who_does_appear_most_first():
    records = [
        call(user=ALICE),
        *(call("ListUsers", user=iam_user("bob"), time=f"2026-11-24T08:0{n}:00Z") for n in range(3)),
    ]
    with pytest.raises(NothingSelected) as caught:
        trace_of(*records, run=asked_for())
    lines = [line.split() for line in str(caught.value.message).splitlines()[1:]]
    assert lines == [["3", "arn:aws:iam::123456789012:user/bob"], ["1", "arn:aws:iam::123456789012:user/alice"]]
    assert "--principal" in caught.value.hint


@pytest.mark.parametrize(
    ("records", "run", "words"),
    [
        ([], DeployRun(), "no records"),
        ([Unreadable("truncated gzip", "a.json.gz")], DeployRun(), "truncated gzip"),
        ([call(time=OUTSIDE)], DeployRun(window=WINDOW), "outside the window"),
        ([call(**FILTERED)], DeployRun(user_agents=("Terraform",)), "filtered out"),
        ([call(user=aws_service())], DeployRun(), "of its own account"),
    ],
    ids=["empty", "unreadable", "outside", "filtered", "services alone"],
)
def test_the_error_says_why(records: list[RawRecord], run: DeployRun, words: str):
    for attempt in (lambda: trace_of(*records, run=run), lambda: list(reduce.select_records(lambda: records, run))):
        with pytest.raises(NothingSelected) as caught:
            attempt()
        assert words in f"{caught.value.message} {caught.value.hint}"


# --- collect | reduce -------------------------------------------------------------------------------------------------


def pipe(records: list[RawRecord], run: DeployRun) -> Iterator[RawRecord]:
    return reduce.select_records(lambda: records, run)


def test_what_collect_writes_reduces_to_the_same_permissions():
    others = [
        call(user=ALICE),
        call(time=OUTSIDE),
        call("CreateRole", user=ALICE, request={"roleName": "deploy"},
             response={"role": {"arn": "arn:aws:iam::123456789012:role/ci/deploy", "roleName": "deploy"}}),
        b"{nonsense",
    ]  # fmt: skip
    own = [call("GetRole", request={"roleName": "deploy"}), USED, USED, call(**DENIED), call(**NEEDS_NONE)]
    records: list[RawRecord] = [*others, *own]
    whole = trace_of(*records, run=RUN)
    piped = trace_of(*pipe(records, RUN), run=RUN)
    assert piped.permissions == whole.permissions
    assert piped.denied == whole.denied
    assert "arn:aws:iam::123456789012:role/ci/deploy" in {used.permission.resource.text for used in piped.permissions}


@pytest.mark.parametrize(
    "fields", [{"user": ALICE}, {"time": OUTSIDE}, FILTERED], ids=["other principal", "outside", "filtered out"]
)
def test_collect_keeps_the_calls_of_iam_that_do_not_count_but_tell_of_names(fields: Mapping[str, Any]):
    tells = call("GetRole", request={"roleName": "deploy"}, **fields)
    assert list(pipe([USED, tells], RUN)) == [USED, tells]
    other = call("ListBuckets", event_source="s3.amazonaws.com", request=None, **fields)
    assert list(pipe([USED, other], RUN)) == [USED]


def test_collect_leaves_others_behind_and_changes_nothing():
    records: list[RawRecord] = [
        call("ListBuckets", event_source="s3.amazonaws.com", user=ALICE),
        USED,
        json.dumps(call()).encode(),
    ]
    assert list(pipe(records, asked_for(DEPLOYER))) == records[1:]
