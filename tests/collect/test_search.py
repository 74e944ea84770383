"""The fast reader and full decoding give the same trace, whatever form the files have; and how much each of them reads.

Each test asks for the trace of one principal twice: of the folder, where a search finds its records, and of the same
records decoded in full. Names are such that a text that is looked for also stands where it means nothing.
"""

from __future__ import annotations

import gzip
import json
import random
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import assumed_role, aws_service, forwarded, iam_user, record, root

from tracer import pipeline, reduce
from tracer.collect.files import FileSource
from tracer.collect.search import FileSearch, Tally
from tracer.errors import NothingSelected
from tracer.model.record import RawRecord, Unreadable
from tracer.model.run import DeployRun, TraceOptions
from tracer.model.search import Wanted, needle

ACCOUNT: Final = "arn:aws:iam::123456789012:"
DEPLOYER: Final = f"{ACCOUNT}user/deployer"
CI: Final = f"{ACCOUNT}role/deploy/ci-role"
OPTIONS: Final = TraceOptions(evidence=None)
STS, CFN, LAMBDA = "sts.amazonaws.com", "cloudformation.amazonaws.com", "lambda.amazonaws.com"


def assume(role: str, session: str, *, user: Mapping[str, Any] | None = None) -> dict[str, Any]:
    arn = f"arn:aws:sts::123456789012:assumed-role/{role.rpartition('/')[2]}/{session}"
    request = {"roleArn": f"{ACCOUNT}role/{role}", "roleSessionName": session}
    return record("AssumeRole", STS, user=user, request=request, response={"assumedRoleUser": {"arn": arn}})


RECORDS: Final[Sequence[dict[str, Any]]] = (
    record("CreateRole", request={"roleName": "app", "path": "/svc/"}, time="2026-11-24T08:00:01Z"),
    record("GetRole", request={"roleName": "elsewhere"}),
    record("CreateRole", user=iam_user("alice"), request={"roleName": "elsewhere", "path": "/far/"}),
    record("ListUsers", user=iam_user("alice"), userAgent="deployer"),
    record("GetUser", user=iam_user("alice"), request={"userName": "deployer"}),
    record("ListUsers", user=iam_user("deployer", account="999999999999")),
    record("ListUsers", user=root()),
    record("Decrypt", "kms.amazonaws.com", user=aws_service()),
    assume("deploy/ci-role", "build-7"),
    record("ListBuckets", "s3.amazonaws.com", user=assumed_role("ci-role", "build-7", path="/deploy/")),
    record("ListBuckets", "s3.amazonaws.com", user=assumed_role("ci-role", "other=1", path="/deploy/")),
    assume("second", "hop", user=assumed_role("ci-role", "build-7", path="/deploy/")),
    record("CreateQueue", "sqs.amazonaws.com", user=assumed_role("second", "hop"), request={"queueName": "q"}),
    record(
        "CreateStack",
        CFN,
        request={
            "stackName": "orders-dev",
            "roleARN": f"{ACCOUNT}role/cfn",
            "tags": [{"key": "STAGE", "value": "dev"}],
        },
    ),
    record(
        "CreateBucket", "s3.amazonaws.com", user=assumed_role("cfn", "AWSCloudFormation"), request={"bucketName": "b"}
    ),
    record("CreateTopic", "sns.amazonaws.com", **forwarded(iam_user()), request={"name": "größe"}),
    record("PutItem", "dynamodb.amazonaws.com", user=assumed_role("fn", "orders-dev-api"), request={"tableName": "t"}),
    record("PutItem", "dynamodb.amazonaws.com", user=assumed_role("fn", "payments-api"), request={"tableName": "t"}),
    record(
        "DeleteRole", error="AccessDenied", message=f"User: {DEPLOYER} is not authorized to perform: iam:DeleteRole"
    ),
    record("GetRole", request={"roleName": "app", "note": '{"eventVersion":"1.08","userIdentity":{"x":"]}"}}'}),
    record("ListUsers", user={"type": "IAMUser", "accountId": "123456789012", "userName": "deployer"}),
)
"""A record of each kind that a search has to tell apart, or to find in a second look."""


def shuffled(value: Any) -> Any:  # noqa: ANN401 - any JSON
    """The same JSON with its keys in another order."""
    if isinstance(value, dict):
        keys = sorted(value, key=lambda key: key[::-1])
        return {key: shuffled(value[key]) for key in keys}
    return [shuffled(item) for item in value] if isinstance(value, list) else value


def compact(records: Iterable[object], **options: Any) -> str:  # noqa: ANN401 - any option of json.dumps
    return json.dumps({"Records": list(records)}, separators=(",", ":"), **options)


def spelled_out(value: object) -> str:
    """JSON in which each character of a value is an escape, though no letter needs one."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(key)}:{spelled_out(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(spelled_out, value)) + "]"
    if not isinstance(value, str):
        return json.dumps(value)
    units = value.encode("utf-16-be", "surrogatepass")
    return '"' + "".join(f"\\u{high:02x}{low:02x}" for high, low in zip(units[::2], units[1::2], strict=True)) + '"'


FORMS: Final[Mapping[str, Callable[[Sequence[object]], str]]] = {
    "as CloudTrail writes it": compact,
    "plain non-ASCII": lambda records: compact(records, ensure_ascii=False),
    "shuffled keys": lambda records: compact(map(shuffled, records)),
    "shuffled keys in between": lambda all_: compact(shuffled(r) if n % 3 == 1 else r for n, r in enumerate(all_)),
    "pretty-printed": lambda records: json.dumps({"Records": list(records)}, indent=2),
    "pretty-printed, CRLF": lambda records: json.dumps({"Records": list(records)}, indent=1).replace("\n", "\r\n"),
    "spaced": lambda records: json.dumps({"Records": list(records)}),
    "escaped slashes": lambda records: compact(records).replace("/", "\\/"),
    "escaped letters": lambda records: spelled_out({"Records": list(records)}),
    "escaped for HTML": lambda records: compact(records).replace("=", "\\u003d").replace("<", "\\u003c"),
    "lines": lambda records: "\n".join(json.dumps(item, separators=(",", ":")) for item in records),
    "lines, CRLF": lambda records: "\r\n".join(json.dumps(item, separators=(",", ":")) for item in records),
    "nested in strings": lambda records: json.dumps({"Events": [{"CloudTrailEvent": json.dumps(r)} for r in records]}),
    "another key behind": lambda records: compact(records)[:-1] + ',"more":1}',
    "line breaks between records": lambda records: compact(records).replace('},{"eventVersion"', '},\n{"eventVersion"'),
    "an end of line": lambda records: compact(records) + "\n",
    "cut off": lambda records: compact(records)[:-40],
}  # fmt: skip


def decoded(raw: RawRecord) -> RawRecord:
    """The record as `json` reads it, where it can."""
    try:
        return json.loads(raw) if isinstance(raw, bytes) else raw
    except ValueError:
        return raw


def traces(folder: Path, run: DeployRun) -> tuple[object, object]:
    """The trace by search, and by full decoding; the error's message where nothing is selected."""

    def attempt(trace: Callable[[], Any]) -> object:
        try:
            return trace()
        except NothingSelected as error:
            return error.message

    source = FileSource([folder])
    records = [decoded(item) for item in FileSource([folder]).records(run)]
    fast = attempt(lambda: pipeline.trace(source, run, OPTIONS))
    return fast, attempt(lambda: reduce.reduce_records(lambda: records, run, OPTIONS, source.findings))


def put(folder: Path, *texts: str) -> Path:
    for number, text in enumerate(texts):
        content = text.encode("utf-8", "surrogatepass")
        (folder / f"{number}.json.gz").write_bytes(gzip.compress(content) if number % 2 == 0 else content)
    return folder


@pytest.mark.parametrize(
    "principal",
    [DEPLOYER, CI, f"{ACCOUNT}role/ci-role", f"{ACCOUNT}root", f"{ACCOUNT}user/nobody",
     "arn:aws:sts::123456789012:assumed-role/ci-role/other=1"],
    ids=["user", "role", "role without its path", "root", "nobody", "session"],
)  # fmt: skip
@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_a_search_gives_the_trace_of_all_records(
    tmp_path: Path, form: Callable[[Sequence[object]], str], principal: str
):
    half = len(RECORDS) // 2
    folder = put(tmp_path, form(RECORDS[:half]), compact([]), form(RECORDS[half:]), compact(RECORDS[:3]))
    fast, full = traces(folder, DeployRun(principals=(principal,)))
    assert fast == full


def test_the_records_are_such_that_there_is_something_to_find(tmp_path: Path):
    fast, _ = traces(put(tmp_path, compact(RECORDS)), DeployRun(principals=(DEPLOYER,)))
    assert {used.permission.section.value for used in fast.permissions} == {  # type: ignore[attr-defined]
        "deployer", "other", "service-role", "function",
    }  # fmt: skip
    resources = {used.permission.resource.text for used in fast.permissions}  # type: ignore[attr-defined]
    assert f"{ACCOUNT}role/far/elsewhere" in resources, "the path that another caller's record shows"


def test_a_record_that_is_found_and_is_none_has_its_file_decoded_in_full(tmp_path: Path):
    broken = compact(RECORDS)[:-2] + ',{"eventVersion":"1.08","deployer","123456789012"}]}'
    fast, full = traces(put(tmp_path, broken, compact(RECORDS[:2])), DeployRun(principals=(DEPLOYER,)))
    assert fast == full
    assert fast.accounting.unreadable == 1  # type: ignore[attr-defined]


def test_a_record_that_nobody_looks_for_is_counted_and_not_judged(tmp_path: Path):
    """So a file that was altered is told only where that touches the run. `--verify` tells it of any."""
    broken = compact(RECORDS)[:-2] + ',{"eventVersion":"1.08",}]}'
    fast, full = traces(put(tmp_path, broken), DeployRun(principals=(DEPLOYER,)))
    assert fast.permissions == full.permissions  # type: ignore[attr-defined]
    assert fast.accounting.read == full.accounting.read == len(RECORDS) + 1  # type: ignore[attr-defined]


@pytest.mark.parametrize("user", [iam_user(), iam_user("alice")], ids=["looked for", "passed over"])
def test_a_map_of_a_caller_s_that_begins_as_a_record_does_is_none(tmp_path: Path, user: Mapping[str, Any]):
    """Tags are such a map: whoever tags a function chooses its keys."""
    tags = {"eventVersion": "1.11", "userIdentity": "arn:aws:iam::123456789012:user/deployer"}
    tagged = record("TagResource20170331v2", LAMBDA, user=user, request={"resource": "f", "tags": tags})
    of_all, found = traces(put(tmp_path, compact([*RECORDS, tagged])), DeployRun(principals=(DEPLOYER,)))
    assert found == of_all


def test_a_huge_record_is_found(tmp_path: Path):
    huge = record("PutRolePolicy", request={"roleName": "app", "policyDocument": "x" * 3_000_000})
    fast, full = traces(put(tmp_path, compact([*RECORDS, huge])), DeployRun(principals=(DEPLOYER,)))
    assert fast == full
    assert "iam:PutRolePolicy" in {used.permission.action.text for used in fast.permissions}  # type: ignore[attr-defined]


names = st.sampled_from(["deployer", "alice", "ci-role", "orders-dev-api", "x", "größe", "a/b", "\ud800", 'q"\\', ""])
parameters = st.recursive(
    st.none() | st.booleans() | st.integers() | names,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(names, inner, max_size=2),
    max_leaves=4,
)


@st.composite
def calls(draw: st.DrawFn) -> dict[str, Any]:
    """Records of several callers; their parameters hold each other's names."""
    user = draw(
        st.sampled_from([iam_user(), iam_user("alice"), assumed_role("ci-role", "build"), aws_service(), root(),
                         assumed_role("fn", "orders-dev-api"), assumed_role("cfn", "AWSCloudFormation")])
    )  # fmt: skip
    source, event = draw(
        st.sampled_from([("iam", "GetRole"), ("iam", "CreateRole"), ("sts", "AssumeRole"), ("s3", "CreateBucket"),
                         ("cloudformation", "CreateStack"), ("lambda", "CreateFunction20150331")])
    )  # fmt: skip
    request = draw(st.none() | st.dictionaries(
        st.sampled_from(["roleName", "path", "stackName", "roleARN", "functionName", "roleArn", "roleSessionName"]),
        names | parameters,
    ))  # fmt: skip
    fields = draw(st.fixed_dictionaries({}, optional={"userAgent": names, "sharedEventID": names, "extra": parameters}))
    seconds = draw(st.integers(0, 59))
    return record(event, f"{source}.amazonaws.com", user=user, request=request, response=draw(st.none() | parameters),
                  time=f"2026-11-24T08:00:{seconds:02}Z", **fields)  # fmt: skip


@settings(deadline=None)
@given(
    st.lists(calls(), max_size=8),
    st.sampled_from(sorted(set(FORMS) - {"cut off", "plain non-ASCII"})),
    st.sampled_from([DEPLOYER, f"{ACCOUNT}role/ci-role", f"{ACCOUNT}user/alice"]),
)
def test_a_search_gives_the_trace_of_all_records_whatever_they_hold(
    records: list[dict[str, Any]], form: str, principal: str
):
    with TemporaryDirectory() as folder:
        put(Path(folder), FORMS[form](records), compact(RECORDS[:9]))
        fast, full = traces(Path(folder), DeployRun(principals=(principal,)))
        assert fast == full


@pytest.mark.shared
@pytest.mark.parametrize("name", ["benjamin", "nobody"])
def test_a_search_in_real_records_gives_the_trace_of_all(shared_records: Path, name: str):
    run = DeployRun(principals=(f"arn:aws:iam::123837392027:user/{name}",))
    fast, full = traces(shared_records / "trail", run)
    assert fast == full


# --- what is looked for -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "text"),
    [("deployer", b"deployer"), ("me=you+them@home", b"them"), ("ab", None), ("größe-dev", b"e-dev"), ("", None)],
)
def test_a_needle_is_what_every_writer_spells_alike(name: str, text: bytes | None):
    assert needle(name) == text


@pytest.mark.parametrize("workers", [1, 3])
def test_any_number_of_threads_finds_the_same_in_the_same_order(tmp_path: Path, workers: int):
    content = [compact(random.Random(number).sample(RECORDS, 9)) for number in range(20)]  # noqa: S311
    folder = put(tmp_path, *content)
    files = sorted(map(str, folder.iterdir()))

    class Silent:
        def expect(self, files: int, size: int) -> None: ...
        def advance(self, files: int, size: int) -> None: ...

    search = FileSearch(files, lambda path: Path(path).read_bytes(), Silent(), workers)
    wanted = Wanted(frozenset({(b"deployer", b"123456789012")}))
    expected = [
        item
        for file in files
        for item in FileSource([file]).records(DeployRun())
        if not isinstance(item, Unreadable) and b"deployer" in item and b"123456789012" in item
    ]
    assert list(search.look(wanted)) == expected
    assert list(search.found()) == expected
    assert list(search.look(wanted)) == []
    assert search.skipped == 20 * 9 - len(expected)


def test_how_much_is_read_of_a_corpus(tmp_path: Path):
    """The guard of the speed, without a clock: what a role's trace unpacks, and what it decodes. A count that changes
    needs its reason in CHANGELOG.md.
    """
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "bench"))
    import corpus

    corpus.write(tmp_path, 20_000)
    run = DeployRun(principals=(corpus.APPLICATION,))
    source = FileSource([tmp_path])
    search = source.search(run)
    assert search
    trace = reduce.reduce_records(lambda: pytest.fail("read in full"), run, OPTIONS, search=search)
    assert trace.accounting.read == 20_000
    expected = Tally(files=40, files_in_full=0, bytes_unpacked=21_756_311, records=20_000, records_found=501)
    assert asdict(search.tally) == asdict(expected)
