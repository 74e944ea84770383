"""The judge: what is missing, what is beyond, and the proof that every draft has to stand."""

from __future__ import annotations

import pytest
from emit_support import DEPLOYER, FUNCTION_ROLE, PASSED_TO_LAMBDA, allow, permission, trace_of, used

from tracer.emit.check import Excess, check, self_check
from tracer.errors import SelfCheckFailed, UsageError
from tracer.model.permission import Permission, Section
from tracer.model.policy import Conditions, Policy, Statement

KEY = "arn:aws:s3:::orders/key"
ROLE = "arn:aws:iam::1:role/a"


def policy(*statements: Statement) -> Policy:
    return Policy(statements)


GRANTS = {
    "the same": (allow("s3:GetObject", KEY), permission("s3:GetObject", KEY), True),
    "case of the action": (allow("S3:getobject", KEY), permission("s3:GetObject", KEY), True),
    "case of the resource": (allow("s3:GetObject", KEY.upper()), permission("s3:GetObject", KEY), False),
    "an action pattern": (allow("s3:Get?bject", KEY), permission("s3:GetObject", KEY), True),
    "every action": (allow("*"), permission("s3:GetObject", KEY), True),
    "a wildcard that ends a segment spans": (allow("s3:*", "arn:aws:s3:::*"), permission("s3:GetObject", KEY), True),
    "one inside a segment is not taken to span": (
        allow("lambda:*", "arn:aws:lambda:us-east-1:1:function:a*z"),
        permission("lambda:InvokeFunction", "arn:aws:lambda:us-east-1:1:function:a:z"),
        False,
    ),
    "part of a pattern is not enough": (allow("s3:*", KEY), permission("s3:GetObject", "arn:aws:s3:::orders/*"), False),
    "star-only needs a star": (allow("ec2:*", "arn:aws:ec2:*:*:*"), permission("ec2:DescribeVpcs"), False),
    "a star serves star-only": (allow("ec2:Describe*"), permission("ec2:DescribeVpcs"), True),
    "a condition that the permission has": (
        allow("iam:PassRole", ROLE, conditions=PASSED_TO_LAMBDA),
        permission("iam:PassRole", ROLE, PASSED_TO_LAMBDA),
        True,
    ),
    "a condition that it has not": (
        allow("iam:PassRole", ROLE, conditions=PASSED_TO_LAMBDA),
        permission("iam:PassRole", ROLE),
        False,
    ),
    "all but another action": (
        Statement(not_actions=("iam:*",), resources=("*",)),
        permission("s3:GetObject", KEY),
        True,
    ),
    "all but this action": (
        Statement(not_actions=("s3:Get*",), resources=("*",)),
        permission("s3:GetObject", KEY),
        False,
    ),
    "all but another resource": (
        Statement(actions=("s3:*",), not_resources=(ROLE,)),
        permission("s3:GetObject", KEY),
        True,
    ),
    "a literal star": (
        allow("s3:GetObject", "arn:aws:s3:::b/${*}"),
        permission("s3:GetObject", "arn:aws:s3:::b/x"),
        False,
    ),
}


@pytest.mark.parametrize(("statement", "needed", "granted"), GRANTS.values(), ids=GRANTS)
def test_what_a_statement_allows(statement: Statement, needed: Permission, granted: bool):
    verdict = check(policy(statement), [needed])
    assert verdict.ok is granted
    assert verdict.missing == (() if granted else (needed,))


def test_several_policies_are_judged_together():
    get, put = permission("s3:GetObject", KEY), permission("s3:PutObject", KEY)
    verdict = check([policy(allow("s3:GetObject", KEY)), policy(allow("s3:PutObject", KEY))], [get, put])
    assert (verdict.ok, verdict.excess) == (True, ())


def test_a_deny_in_another_policy_beats_the_allow():
    get = permission("s3:GetObject", KEY)
    verdict = check([policy(allow("s3:*", KEY)), policy(allow("s3:GetObject", effect="Deny"))], [get])
    assert (verdict.ok, verdict.missing, verdict.blocked) == (False, (get,), (get,))


def test_excess_is_told_by_statement_action_and_resource():
    verdict = check(
        policy(allow("ec2:DescribeVpcs"), allow(["s3:GetObject", "sqs:PurgeQueue"], [KEY, "*"])),
        [permission("s3:GetObject", KEY)],
    )
    assert verdict.ok
    assert verdict.excess == (
        Excess(0, 0, "ec2:DescribeVpcs", "*", ("ec2:DescribeVpcs",)),
        Excess(0, 1, "s3:GetObject", "*", ("s3:GetObject",)),
        Excess(0, 1, "sqs:PurgeQueue", KEY, ("sqs:PurgeQueue",)),
        Excess(0, 1, "sqs:PurgeQueue", "*", ("sqs:PurgeQueue",)),
    )


def test_an_action_pattern_is_expanded_by_the_table():
    needed = [permission("ec2:DescribeVpcs"), permission("ec2:DescribeVpcAttribute")]
    (excess,) = check(policy(allow("ec2:DescribeVpc*")), needed).excess
    assert "ec2:DescribeVpcEndpoints" in excess.actions
    assert not {"ec2:DescribeVpcs", "ec2:DescribeVpcAttribute"} & set(excess.actions)


def test_a_pattern_whose_every_action_was_needed_is_no_excess():
    needed = [permission("lambda:ListTags", "*"), permission("s3:GetObject", KEY)]
    assert check(policy(allow("lambda:ListTag?"), allow("s3:GetObject", KEY)), needed).excess == ()


def test_each_action_of_a_pattern_has_the_condition_of_its_statement():
    granted = policy(allow("iam:PassRol?", ROLE, conditions=PASSED_TO_LAMBDA))
    assert check(granted, [permission("iam:PassRole", ROLE, PASSED_TO_LAMBDA)]).excess == ()


def test_a_service_that_the_table_does_not_know_is_excess_as_written():
    (excess,) = check(policy(allow("nosuchservice:Do*")), []).excess
    assert excess.actions == ("nosuchservice:Do*",)


def test_a_grant_without_the_condition_is_excess():
    needed = [permission("iam:PassRole", ROLE, PASSED_TO_LAMBDA)]
    assert check(policy(allow("iam:PassRole", ROLE, conditions=PASSED_TO_LAMBDA)), needed).excess == ()
    assert check(policy(allow("iam:PassRole", ROLE)), needed).excess


def test_what_a_deny_of_the_same_policy_takes_away_is_no_excess():
    deny = allow(["s3:Put*", "s3:GetObject?*"], effect="Deny")
    (excess,) = check(policy(allow("s3:*Object", KEY), deny), [permission("s3:GetObject", KEY)]).excess
    assert "s3:DeleteObject" in excess.actions
    assert not {"s3:GetObject", "s3:PutObject"} & set(excess.actions)


def test_a_not_resource_is_told_as_a_star():
    (excess,) = check(policy(Statement(actions=("sqs:PurgeQueue",), not_resources=(ROLE,))), []).excess
    assert excess == Excess(0, 0, "sqs:PurgeQueue", "*", ("sqs:PurgeQueue",))


def test_what_stands_behind_a_deny_is_judged_as_well():
    (excess,) = check(policy(allow("s3:*", effect="Deny"), allow("sqs:PurgeQueue")), []).excess
    assert (excess.statement, excess.actions) == (1, ("sqs:PurgeQueue",))


def test_a_not_action_is_expanded_but_for_what_it_names():
    statement = Statement(not_actions=("iam:*", "sts:*"), resources=("*",))
    (excess,) = check(policy(statement), []).excess
    assert (excess.action, "s3:GetObject" in excess.actions, "iam:CreateRole" in excess.actions) == ("*", True, False)


def test_the_baseline_is_no_excess():
    baseline = policy(allow("s3:*", "arn:aws:s3:::orders*"), Statement(actions=("sqs:*",), not_resources=(ROLE,)))
    assert check(baseline, [], baseline=baseline).excess == ()
    assert check(policy(allow("s3:GetObject", KEY)), [], baseline=baseline).excess == ()
    assert check(policy(allow("s3:GetObject", "*")), [], baseline=baseline).excess


def test_a_baseline_of_one_statement_is_no_excess_of_itself():
    baseline = policy(Statement(actions=("sqs:*",), not_resources=(ROLE,)))
    assert check(baseline, [], baseline=baseline).excess == ()


def test_a_grant_for_several_values_is_no_excess_where_each_was_needed():
    # AWS: several values of one key are a logical OR; one statement for both says what two statements say.
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-logic-multiple-context-keys-or-values.html
    services = ("ec2.amazonaws.com", "lambda.amazonaws.com")
    both = Conditions.of("StringEquals", "iam:PassedToService", *services)
    single = [Conditions.of("StringEquals", "iam:PassedToService", service) for service in services]
    granted = policy(allow("iam:PassRole", ROLE, conditions=both))
    assert check(granted, [permission("iam:PassRole", ROLE, one) for one in single]).excess == ()
    wider = [permission("iam:PassRole", "arn:aws:iam::1:role/*", one) for one in single]
    assert check(granted, wider).excess == ()
    for one in single:
        assert check(granted, [permission("iam:PassRole", ROLE, one)]).excess


def test_a_grant_is_not_called_too_much_by_a_reading_of_a_star_that_aws_does_not_state():
    # Whether a `*` inside a segment passes a colon AWS does not say: missing, where it must be enough, and no excess.
    invoke, function = "lambda:InvokeFunction", "arn:aws:lambda:us-east-1:1:function:"
    verdict = check(policy(allow(invoke, function + "a:z")), [permission(invoke, function + "a*z")])
    assert (verdict.ok, verdict.excess) == (False, ())
    one, other = (Conditions.of("StringEquals", "lambda:FunctionUrlAuthType", value) for value in ("AWS_IAM", "NONE"))
    both = Conditions.of("StringEquals", "lambda:FunctionUrlAuthType", "AWS_IAM", "NONE")
    needed = [permission(invoke, function + "a*z", conditions) for conditions in (one, other)]
    assert check(policy(allow(invoke, function + "a:z", conditions=both)), needed).excess == ()


def test_a_trace_is_judged_by_its_deployer_unless_a_section_is_named():
    deployer = used("s3:PutObject", KEY)
    function = used("s3:GetObject", KEY, section=Section.FUNCTION, principal=FUNCTION_ROLE)
    trace = trace_of(deployer, function)
    nothing = policy()
    assert check(nothing, trace).missing == (deployer.permission,)
    assert check(nothing, trace, section=Section.FUNCTION).missing == (function.permission,)
    assert check(nothing, trace, section=Section.FUNCTION, principal=DEPLOYER).missing == ()
    assert check(nothing, trace_of(function)).missing == (function.permission,)


def test_an_action_that_is_none_is_an_error_and_not_a_pass():
    with pytest.raises(UsageError, match="s\\*:Get"):
        check(policy(allow("s*:Get")), [])


FAULTS = {
    "dropped": (policy(), "does not allow s3:GetObject"),
    "narrowed": (policy(allow("s3:GetObject", "arn:aws:s3:::orders/ke")), "does not allow s3:GetObject"),
    "another action": (policy(allow(["s3:GetObject", "s3:PutObject"], KEY)), "grants s3:PutObject"),
    "a wider resource": (
        policy(allow("s3:GetObject", "arn:aws:s3:::orders/*")),
        "grants s3:GetObject on arn:aws:s3:::orders/\\*",
    ),
    "a wider action": (policy(allow("s3:GetObject*", KEY)), "grants s3:GetObjectAcl"),
    "a deny of its own": (
        policy(allow("s3:GetObject", KEY), allow("s3:*", effect="Deny")),
        "does not allow s3:GetObject",
    ),
}


@pytest.mark.parametrize(("faulty", "message"), FAULTS.values(), ids=FAULTS)
def test_the_self_check_names_the_counter_example(faulty: Policy, message: str):
    needed = [permission("s3:GetObject", KEY)]
    self_check([policy(allow("s3:GetObject", KEY))], needed)
    with pytest.raises(SelfCheckFailed, match=f"the policy of me {message}") as error:
        self_check([faulty], needed, whose="the policy of me")
    assert error.value.hint.startswith("This is a bug in tracer, and nothing was written")
    assert error.value.exit_code == 1


def test_the_self_check_names_the_place_of_what_is_beyond():
    get, put = allow("s3:GetObject", KEY), allow("s3:PutObject", KEY)
    with pytest.raises(SelfCheckFailed, match=r"^the policy grants s3:PutObject .* \(statement 2 of document 3\)"):
        self_check([policy(get), policy(), policy(get, put)], [permission("s3:GetObject", KEY)])


def test_the_self_check_misses_a_deny_that_was_lost():
    deny = allow("s3:*", ["arn:aws:s3:::a", "arn:aws:s3:::b"], effect="Deny", sid="Guard")
    self_check(
        [
            policy(allow("s3:*", "arn:aws:s3:::a", effect="Deny")),
            policy(allow("s3:*", "arn:aws:s3:::b", effect="Deny")),
        ],
        [],
        [deny],
    )
    with pytest.raises(SelfCheckFailed, match="lost a Deny"):
        self_check([policy(allow("s3:*", "arn:aws:s3:::a", effect="Deny"))], [], [deny])


def test_a_blocked_permission_passes_only_where_it_was_told():
    needed, deny = permission("s3:GetObject", KEY), allow("s3:*", effect="Deny")
    documents = [policy(allow("s3:GetObject", KEY), deny)]
    self_check(documents, [needed], [deny], [needed])
    with pytest.raises(SelfCheckFailed, match="does not allow"):
        self_check(documents, [needed], [deny])


def test_conditions_on_a_deny_count_unless_they_contradict():
    deny = allow(
        "iam:PassRole",
        effect="Deny",
        conditions=Conditions.of("StringEquals", "iam:PassedToService", "ec2.amazonaws.com"),
    )
    assert check(policy(allow("iam:*"), deny), [permission("iam:PassRole", ROLE, PASSED_TO_LAMBDA)]).ok
    assert not check(policy(allow("iam:*"), deny), [permission("iam:PassRole", ROLE)]).ok
