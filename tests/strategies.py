"""Hypothesis strategies for the model's values, small enough that a failing example can be read.

Glob patterns are drawn over a tiny alphabet, so that two of them often meet; ARNs hold what real names hold that has a
meaning elsewhere: slashes, colons, brackets, stars and `${`.
"""

from __future__ import annotations

import itertools

from hypothesis import strategies as st

from tracer.model.action import Action
from tracer.model.arn import Arn, ArnPattern
from tracer.model.finding import SEVERITIES, Finding
from tracer.model.glob import escape
from tracer.model.permission import Basis, Evidence, Permission, Section, UsedPermission, Widening
from tracer.model.policy import VERSION, Conditions, Policy, Statement
from tracer.model.trace import Accounting, Denial, RunFacts, Trace

# Texts --------------------------------------------------------------------------------------------------------------

globs = st.text(alphabet="ab:*?", max_size=8)
"""Patterns whose literals are `a`, `b` and `:`."""

literals = st.text(alphabet="ab:*?${}[]", max_size=12)
"""Names that hold what a pattern gives a meaning to."""

any_text = st.text(max_size=20)
"""Whatever a log may hold: control characters and signs of other scripts among it."""

optional_text = st.none() | any_text
times = st.datetimes().map(lambda moment: moment.strftime("%Y-%m-%dT%H:%M:%SZ"))


_NARROWER = {
    "*": st.sampled_from(["", "a", "*", "?", "a*", "*b", "a:b", "*:", "?*", "b?"]),
    "?": st.sampled_from(["a", "b", "?", ":"]),
}


def narrower_globs(pattern: str) -> st.SearchStrategy[str]:
    """What `pattern` covers, in most cases: something narrower stands where its wildcards stood."""
    return st.tuples(*(_NARROWER.get(sign, st.just(sign)) for sign in pattern)).map("".join)


@st.composite
def glob_chains(draw: st.DrawFn) -> tuple[str, str, str]:
    """Three patterns, each narrower than the one before it in most cases."""
    first = draw(globs)
    second = draw(narrower_globs(first))
    return first, second, draw(narrower_globs(second))


glob_pairs = st.tuples(globs, globs) | glob_chains().map(lambda chain: chain[:2])

# ARNs ---------------------------------------------------------------------------------------------------------------

partitions = st.sampled_from(["aws", "aws-cn", "aws-us-gov", "aws-eusc", "aws-iso"])
services = st.sampled_from(["s3", "iam", "lambda", "logs", "dynamodb", "apigateway"])
regions = st.sampled_from(["", "us-east-1", "cn-north-1", "us-gov-west-1", "*"])
accounts = st.sampled_from(["", "123456789012", "aws"])
resources = st.text(alphabet="ab1/:[]*?${}-", min_size=1, max_size=16) | st.sampled_from(
    [
        "orders-bucket/a[1].txt",
        "role/ci/deployer",
        "log-group:/aws/lambda/orders:*",
        "/restapis/x1y2z3/stages",
        "${a}/*",
    ]
)

arns = st.builds(Arn, partition=partitions, service=services, region=regions, account=accounts, resource=resources)


@st.composite
def _widened(draw: st.DrawFn, pieces: list[str]) -> str:
    """The pattern of a name in which some of `pieces` became wildcards."""
    kept = draw(st.lists(st.booleans(), min_size=len(pieces), max_size=len(pieces)))
    pattern = ""
    for keep, run in itertools.groupby(zip(kept, pieces, strict=True), key=lambda pair: pair[0]):
        text = "".join(piece for _, piece in run)
        pattern += escape(text) if keep else draw(st.sampled_from(["*", "?" * len(text), "?*"]))
    return pattern


@st.composite
def widened_arns(draw: st.DrawFn) -> tuple[Arn, ArnPattern]:
    """An ARN, and a pattern made from it: whole parts, pieces of the resource, and its tail became wildcards.

    A `*` inside a segment of the resource replaces no colon, and one that ends it may replace all that follows.
    """
    pieces = st.text(alphabet="ab1/[]*?${}-", min_size=1, max_size=4)
    segments = draw(st.lists(st.lists(pieces, min_size=1, max_size=3), min_size=1, max_size=3))
    resource = ":".join("".join(segment) for segment in segments)
    arn = draw(st.builds(Arn, partitions, services, regions, accounts, st.just(resource)))
    kept = draw(st.integers(1, len(segments)))
    tail = "*" if kept < len(segments) else ""
    parts = [
        draw(st.sampled_from([escape(part), "*"])) for part in (arn.partition, arn.service, arn.region, arn.account)
    ]
    pattern = ":".join(draw(_widened(segment)) for segment in segments[:kept]) + tail
    return arn, ArnPattern(":".join(["arn", *parts, pattern]))


@st.composite
def arn_pattern_chains(draw: st.DrawFn) -> tuple[ArnPattern, ArnPattern, ArnPattern]:
    """Three patterns, each narrower than the one before it: the last is of one ARN."""
    arn, second = draw(widened_arns())
    first = ":".join(["arn", *(draw(st.sampled_from([part, "*"])) for part in second.segments[1:])])
    return draw(st.sampled_from(["*", "arn:*", first]).map(ArnPattern)), second, ArnPattern.exactly(arn)


arn_patterns = st.one_of(
    arns.map(ArnPattern.exactly),
    widened_arns().map(lambda pair: pair[1]),
    st.sampled_from(["*", "arn:*", "arn:aws:s3:::*", "arn:aws:s3:::${aws:username}/*"]).map(ArnPattern),
)

# Actions ------------------------------------------------------------------------------------------------------------

prefixes = st.sampled_from(["s3", "S3", "iam", "lambda", "execute-api"])
action_names = st.text(alphabet="GgetPut", min_size=1, max_size=6)
action_name_patterns = st.text(alphabet="GgPp*?", min_size=1, max_size=6)

actions = st.builds("{}:{}".format, prefixes, action_names).map(Action)
action_patterns = st.just(Action("*")) | st.builds("{}:{}".format, prefixes, action_name_patterns).map(Action)


@st.composite
def action_chains(draw: st.DrawFn) -> tuple[Action, Action, Action]:
    """Three actions, each narrower than the one before it in most cases; the spelling differs."""
    globs_of_names = (glob.replace(":", "") for glob in draw(glob_chains()))
    first, second, third = (Action(draw(st.sampled_from(["s3:Get", "S3:get"])) + glob) for glob in globs_of_names)
    return draw(st.sampled_from([Action("*"), first])), second, third


# Policies -----------------------------------------------------------------------------------------------------------

operators = st.sampled_from(["StringEquals", "StringLike", "StringNotEquals", "ArnLikeIfExists", "Bool"])
condition_keys = st.sampled_from(["iam:PassedToService", "aws:RequestedRegion", "aws:ViaAWSService"])
condition_values = st.lists(any_text, min_size=1, max_size=3, unique=True)

conditions = st.dictionaries(
    operators, st.dictionaries(condition_keys, condition_values, min_size=1, max_size=2), max_size=2
).map(Conditions.from_json)


def _nonempty(items: st.SearchStrategy[str]) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(items, min_size=1, max_size=3).map(tuple)


@st.composite
def statements(draw: st.DrawFn) -> Statement:
    """Statements of each of the four forms."""
    return Statement(
        effect=draw(st.sampled_from(["Allow", "Deny"])),
        conditions=draw(conditions),
        sid=draw(st.none() | st.text(alphabet="Sid1", min_size=1, max_size=8)),
        **{draw(st.sampled_from(["actions", "not_actions"])): draw(_nonempty(action_patterns.map(str)))},
        **{draw(st.sampled_from(["resources", "not_resources"])): draw(_nonempty(arn_patterns.map(str)))},
    )


policies = st.builds(
    Policy,
    statements=st.lists(statements(), max_size=3).map(tuple),
    version=st.sampled_from([VERSION, "2008-10-17"]),
    id=optional_text,
)

# Traces -------------------------------------------------------------------------------------------------------------

event_ids = st.uuids().map(str)
events = st.lists(event_ids, max_size=3).map(tuple)
counts = st.integers(0, 1_000)

evidence = st.builds(Evidence, count=counts, first=st.none() | times, last=st.none() | times, events=events)
permissions = st.builds(
    Permission,
    section=st.sampled_from(Section),
    principal=arns.map(str),
    action=actions,
    resource=arn_patterns,
    conditions=conditions,
    basis=st.sampled_from(Basis),
    rule=optional_text,
    via=optional_text,
)
widenings = st.builds(
    Widening, part=st.sampled_from(["region", "account", "resource"]), before=any_text, after=any_text, rule=any_text
)
used_permissions = st.builds(
    UsedPermission, permission=permissions, evidence=evidence, widened=st.lists(widenings, max_size=2).map(tuple)
)
denials = st.builds(
    Denial,
    principal=arns.map(str),
    action=optional_text,
    resource=optional_text,
    error=any_text,
    cause=optional_text,
    read_from=st.sampled_from(["message", "request"]),
    evidence=evidence,
)
findings = st.builds(
    Finding,
    code=st.sampled_from(sorted(SEVERITIES)),
    message=any_text,
    event_source=optional_text,
    event_name=optional_text,
    count=counts,
    events=events,
)
accountings = st.builds(Accounting, **dict.fromkeys(Accounting.__slots__, counts))

_texts = st.lists(any_text, max_size=2).map(tuple)
run_facts = st.builds(
    RunFacts,
    principals=_texts,
    since=st.none() | times,
    until=st.none() | times,
    accounts=_texts,
    regions=_texts,
    partition=partitions,
    service=optional_text,
    stage=optional_text,
    stacks=_texts,
)
traces = st.builds(
    Trace,
    run=run_facts,
    permissions=st.lists(used_permissions, max_size=2).map(tuple),
    denied=st.lists(denials, max_size=2).map(tuple),
    findings=st.lists(findings, max_size=2).map(tuple),
    accounting=accountings,
)
