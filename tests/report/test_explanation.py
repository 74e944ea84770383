import pytest

from tracer.model.action import Action
from tracer.model.arn import ArnPattern
from tracer.model.finding import Finding
from tracer.model.permission import Basis, Evidence, Permission, Section, UsedPermission, Widening
from tracer.model.policy import Conditions
from tracer.model.trace import Accounting, Denial, Trace
from tracer.report.explanation import absence, explanation
from tracer.report.plain import plain

DEPLOYER = "arn:aws:iam::123456789012:user/deployer"
PASS_ROLE = UsedPermission(
    Permission(
        section=Section.DEPLOYER,
        principal=DEPLOYER,
        action=Action("iam:PassRole"),
        resource=ArnPattern("arn:aws:iam::123456789012:role/orders-dev-*"),
        conditions=Conditions.of("StringEquals", "iam:PassedToService", "lambda.amazonaws.com"),
        basis=Basis.IMPLIED,
        rule="pass-role/lambda-create-function",
        via="cloudformation.amazonaws.com",
    ),
    Evidence(5, "2026-11-24T08:00:01Z", "2026-11-24T08:00:09Z", ("event-1", "event-2")),
    (Widening("resource", "x1y2z3", "*", "name-suffix"),),
)
INFERRED = UsedPermission(
    Permission(Section.DEPLOYER, DEPLOYER, Action("s3:PutObject"), ArnPattern("*"), basis=Basis.INFERRED, rule="up"),
    Evidence(),
)
DENIED = Denial(
    DEPLOYER, "s3:GetObject", None, "AccessDenied", "identity-based", "message", Evidence(1, "T1", "T1", ("event-3",))
)
UNKNOWN = Finding("UNKNOWN_ACTION", "no such action: lambda:Invoke", "lambda.amazonaws.com", "Invoke", 1, ("event-4",))
TRACE = Trace(permissions=(PASS_ROLE, INFERRED), denied=(DENIED,), findings=(UNKNOWN,))


def test_everything_behind_a_permission_is_told():
    assert plain(explanation(Action("IAM:passrole"), TRACE)) == (
        "iam:PassRole on arn:aws:iam::123456789012:role/orders-dev-*\n"
        "  for       arn:aws:iam::123456789012:user/deployer (deployer)\n"
        "  only if   StringEquals iam:PassedToService = lambda.amazonaws.com\n"
        "  known     implied, rule pass-role/lambda-create-function, called by cloudformation.amazonaws.com\n"
        "  widened   resource: x1y2z3 became * (name-suffix)\n"
        "  seen      5 times, from 2026-11-24T08:00:01Z to 2026-11-24T08:00:09Z\n"
        "  events    event-1\n"
        "            event-2\n"
        "            and 3 more (`--evidence all` keeps them)\n"
    )


def test_a_pattern_finds_all_and_what_was_denied():
    text = plain(explanation(Action("s3:*Object"), TRACE))
    assert "s3:PutObject on *\n" in text
    assert "  seen      never: " in text
    assert "Denied: s3:GetObject on a resource that nothing names\n" in text
    assert "AccessDenied, by a policy of the kind identity-based" in text


def test_a_finding_says_why_there_is_no_permission():
    assert plain(explanation(Action("lambda:Invoke"), TRACE)) == (
        "No permission for lambda:Invoke is in the trace.\n"
        "\n"
        "warning: UNKNOWN_ACTION: no such action: lambda:Invoke\n"
        "  events    event-4\n"
    )


@pytest.mark.parametrize("action", ["s3:DeleteObject", "ec2:*"])
def test_nothing_is_nothing(action: str):
    assert not explanation(Action(action), TRACE)


def test_what_a_log_holds_is_printable():
    evidence = Evidence(1, "T", "T", ("\u202e",))
    denied = Denial("arn:aws:iam::1:user/\x1b[2J", "s3:GetObject", "a\nb", "E", None, "message", evidence)
    text = plain(explanation(Action("s3:*"), Trace(denied=(denied,))))
    assert "\\x1b[2J" in text
    assert "on a\\nb" in text
    assert "\\u202e" in text


BUCKET = UsedPermission(
    Permission(Section.DEPLOYER, DEPLOYER, Action("s3:CreateBucket"), ArnPattern("arn:aws:s3:::orders-*")), Evidence()
)
REFUSED = Denial(DEPLOYER, "s3:PutBucketPolicy", "arn:aws:s3:::orders-dev", "AccessDenied", None, "message")
OPEN = Finding("WILDCARD_RESOURCE", "nothing names the bucket beside arn:aws:s3:::orders-dev")
ON_BUCKET = Trace(permissions=(BUCKET, PASS_ROLE, INFERRED), denied=(REFUSED,), findings=(OPEN,))


@pytest.mark.parametrize(
    ("asked", "heads"),
    [
        (
            "arn:aws:s3:::orders-dev",
            [
                "s3:CreateBucket on arn:aws:s3:::orders-*",
                "Denied: s3:PutBucketPolicy on arn:aws:s3:::orders-dev",
                "warning: WILDCARD_RESOURCE: nothing names the bucket beside arn:aws:s3:::orders-dev",
                "And 1 permission on *, which is every resource.",
            ],
        ),
        ("arn:aws:s3:::orders-prod", ["s3:CreateBucket on arn:aws:s3:::orders-*", "And 1 permission on *, which is"]),
        ("arn:aws:iam::*:role/*", ["iam:PassRole on arn:aws:iam::123456789012:role/orders-dev-*", "And 1 permission"]),
        ("arn:aws:s3:::other", []),
    ],
)
def test_a_resource_stands_for_the_patterns_that_cover_it(asked: str, heads: list[str]):
    text = plain(explanation(ArnPattern(asked), ON_BUCKET))
    shown = [line for line in text.splitlines() if line and not line.startswith("  ")]
    assert len(shown) == len(heads)
    assert all(line.startswith(head) for line, head in zip(shown, heads, strict=True))


def test_what_is_absent_may_be_among_what_was_left_out():
    left_out = Accounting(other_principal=44, outside_window=0, filtered_out=2, unmapped=1, used=9)
    told = "needed it: 44 of other principals, 2 filtered out, 1 for which no action is known.\n"
    assert plain(list(absence(left_out))).endswith(told)
    assert list(absence(Accounting(used=9, duplicate=3))) == []
    text = plain(explanation(Action("s3:GetObject"), Trace(denied=(DENIED,), accounting=left_out)))
    assert "No permission for s3:GetObject is in the trace." in text
    assert text.endswith("1 for which no action is known.\n")


def test_findings_are_found_by_the_actions_that_their_events_stand_for():
    def named(source: str, name: str) -> list[str]:
        return [f"cloudwatch:{name}"] if source == "monitoring.amazonaws.com" else []

    trace = Trace(findings=(Finding("UNKNOWN_ACTION", "look", "monitoring.amazonaws.com", "PutThing"),))
    assert "UNKNOWN_ACTION: look" in plain(explanation(Action("cloudwatch:PutThing"), trace, named))
    assert not explanation(Action("cloudwatch:PutThing"), trace)
