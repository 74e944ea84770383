"""Who acts for whom, from records in any order, and the section that each one's permissions stand in."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import permutations
from typing import Any

import pytest
from reduce_support import DEPLOYER, actions_of, asked_for, bins, codes, sections_of, trace_of
from support import ABSENT, assumed_role, forwarded, iam_user, record

from tracer.errors import NothingSelected
from tracer.model.permission import Section
from tracer.model.run import DeployRun, TimeWindow

ACCOUNT = "arn:aws:iam::123456789012:"


def assume(role: str, session: str = "build", *, by: Mapping[str, Any] | None = None, **fields: Any) -> dict[str, Any]:  # noqa: ANN401
    """`by` (the deployer) assumes a role, as STS records it."""
    return record(
        "AssumeRole",
        "sts.amazonaws.com",
        **{
            "user": by,
            "request": {"roleArn": f"{ACCOUNT}role/{role}", "roleSessionName": session},
            "response": {
                "credentials": {"accessKeyId": "ASIAEXAMPLE"},
                "assumedRoleUser": {
                    "assumedRoleId": f"AROAEXAMPLE:{session}",
                    "arn": f"arn:aws:sts::123456789012:assumed-role/{role.rpartition('/')[2]}/{session}",
                },
            },
        }
        | fields,
    )


def calls(role: str, session: str = "build", **fields: Any) -> dict[str, Any]:  # noqa: ANN401 - any field of a record
    """A call of a role's session."""
    return record("ListUsers", user=assumed_role(role, session), **fields)


STACK = record("CreateStack", "cloudformation.amazonaws.com", request={"stackName": "orders-dev"})
FUNCTION = record(
    "CreateFunction20150331",
    "lambda.amazonaws.com",
    request={"functionName": "orders-dev-api", "role": f"{ACCOUNT}role/orders-dev-lambda"},
)


def every_order(*records: Mapping[str, Any], run: DeployRun | None = None) -> dict[str, str]:
    """The sections, the same whatever the order of the records."""
    found = [sections_of(trace_of(*order, run=run or asked_for())) for order in permutations(records)]
    assert all(one == found[0] for one in found)
    return found[0]


# --- role chains ------------------------------------------------------------------------------------------------------


def test_an_assumed_role_is_a_section_of_its_own():
    sections = every_order(assume("ci"), calls("ci"))
    assert sections == {DEPLOYER: "deployer", f"{ACCOUNT}role/ci": "other"}
    trace = trace_of(assume("ci"), calls("ci"), run=asked_for())
    assert actions_of(trace) == {"sts:AssumeRole"}
    assert actions_of(trace, Section.OTHER) == {"iam:ListUsers"}


def test_a_chain_is_followed_whatever_the_order():
    sections = every_order(assume("a"), assume("b", by=assumed_role("a")), calls("b"))
    assert sections == {DEPLOYER: "deployer", f"{ACCOUNT}role/a": "other", f"{ACCOUNT}role/b": "other"}


def test_a_cycle_ends():
    sections = every_order(
        assume("a"), assume("b", by=assumed_role("a")), assume("a", by=assumed_role("b")), calls("a"), calls("b")
    )
    assert set(sections) == {DEPLOYER, f"{ACCOUNT}role/a", f"{ACCOUNT}role/b"}


def test_a_role_that_assumes_itself_ends():
    run = asked_for(f"{ACCOUNT}role/ci")
    assert sections_of(trace_of(assume("ci", by=assumed_role("ci")), calls("ci"), run=run)) == {
        f"{ACCOUNT}role/ci": "deployer"
    }


def test_the_session_is_known_without_an_answer():
    """From the role and the session's name that were asked for."""
    assert every_order(assume("ci", response=None), calls("ci"))[f"{ACCOUNT}role/ci"] == "other"


def test_a_refused_assume_role_makes_no_edge():
    denied = assume("ci", response=None, error="AccessDenied", message="Access Denied")
    trace = trace_of(record(), denied, calls("ci"), run=asked_for())
    assert bins(trace) == {"used": 1, "denied": 1, "other_principal": 1}


def test_an_edge_outside_the_window_counts():
    """A session outlives its AssumeRole call."""
    window = TimeWindow(datetime(2026, 11, 24, 8, tzinfo=UTC), datetime(2026, 11, 24, 9, tzinfo=UTC))
    early = assume("ci", time="2026-11-24T07:30:00Z")
    trace = trace_of(early, calls("ci"), run=asked_for(window=window))
    assert bins(trace) == {"outside_window": 1, "used": 1}
    assert actions_of(trace, Section.OTHER) == {"iam:ListUsers"}


def test_an_edge_that_a_filter_leaves_out_counts():
    trace = trace_of(assume("ci"), calls("ci"), run=asked_for(event_sources=("iam",)))
    assert bins(trace) == {"filtered_out": 1, "used": 1}


def test_another_session_of_the_role_is_another_callers():
    trace = trace_of(assume("ci", "mine"), calls("ci", "mine"), calls("ci", "theirs"), run=asked_for())
    assert bins(trace) == {"used": 2, "other_principal": 1}


def test_a_roles_path_is_in_its_policys_name():
    session = assumed_role("deploy", path="/ci/")
    sections = every_order(assume("ci/deploy"), record("ListUsers", user=session))
    assert sections[f"{ACCOUNT}role/ci/deploy"] == "other"


# --- who was asked for ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("principal", "found"),
    [
        (f"{ACCOUNT}role/ci/deploy", True),
        (f"{ACCOUNT}role/deploy", True),
        (f"{ACCOUNT}role/other/deploy", False),
        ("arn:aws:iam::999999999999:role/deploy", False),
        ("arn:aws:sts::123456789012:assumed-role/deploy/build", True),
        ("arn:aws:sts::123456789012:assumed-role/deploy/other", False),
        (DEPLOYER, False),
    ],
    ids=["role", "role without its path", "other path", "other account", "session", "other session", "user"],
)
def test_a_principal_is_matched(principal: str, found: bool):
    call = record("ListUsers", user=assumed_role("deploy", path="/ci/"))
    if found:
        assert sections_of(trace_of(call, run=asked_for(principal))) == {f"{ACCOUNT}role/ci/deploy": "deployer"}
    else:
        with pytest.raises(NothingSelected):
            trace_of(call, run=asked_for(principal))


def test_without_a_principal_the_one_direct_caller_is_the_deployer():
    trace = trace_of(record(), assume("ci"), calls("ci"))
    assert sections_of(trace) == {DEPLOYER: "deployer", f"{ACCOUNT}role/ci": "other"}
    assert "SEVERAL_PRINCIPALS" not in codes(trace)


def test_without_a_principal_several_direct_callers_are_others():
    trace = trace_of(record(), record("ListUsers", user=iam_user("alice")))
    assert sections_of(trace) == {DEPLOYER: "other", f"{ACCOUNT}user/alice": "other"}
    assert "SEVERAL_PRINCIPALS" in codes(trace)


def test_several_that_were_asked_for_are_deployers():
    trace = trace_of(
        record(), record("ListUsers", user=iam_user("alice")), run=asked_for(DEPLOYER, f"{ACCOUNT}user/alice")
    )
    assert set(sections_of(trace).values()) == {"deployer"}
    assert "SEVERAL_PRINCIPALS" not in codes(trace)


# --- forwarded calls --------------------------------------------------------------------------------------------------


def test_a_users_forwarded_calls_are_its_own():
    """They carry a fresh ASIA key, an empty session issuer and the user's ARN."""
    via = record("CreateRole", request={"roleName": "app"}, **forwarded(iam_user()))
    assert via["userIdentity"]["accessKeyId"] != iam_user()["accessKeyId"]
    trace = trace_of(STACK, via, run=asked_for())
    assert sections_of(trace) == {DEPLOYER: "deployer"}
    assert {used.permission.via for used in trace.permissions if used.permission.action.text == "iam:CreateRole"} == {
        "cloudformation.amazonaws.com"
    }


def test_a_sessions_forwarded_calls_are_its_roles():
    session = assumed_role("ci")
    via = record("CreateRole", request={"roleName": "app"}, **forwarded(session))
    trace = trace_of(via, run=asked_for(f"{ACCOUNT}role/ci"))
    assert sections_of(trace) == {f"{ACCOUNT}role/ci": "deployer"}


@pytest.mark.parametrize("key", ["", None, ABSENT])
def test_an_access_key_decides_nothing(key: object):
    user = {name: value for name, value in (iam_user() | {"accessKeyId": key}).items() if value is not ABSENT}
    assert bins(trace_of(record(user=user), run=asked_for())) == {"used": 1}


# --- CloudFormation's service role ------------------------------------------------------------------------------------

SERVICE_ROLE = record(
    "CreateBucket",
    "s3.amazonaws.com",
    user=assumed_role("cfn", "AWSCloudFormation", invokedBy="cloudformation.amazonaws.com"),
    request={"bucketName": "orders-dev-bucket"},
)


def test_a_stacks_service_role_has_a_policy_of_its_own():
    stack = record(
        "CreateStack",
        "cloudformation.amazonaws.com",
        request={"stackName": "orders-dev", "roleARN": f"{ACCOUNT}role/cfn"},
    )
    assert every_order(stack, SERVICE_ROLE) == {DEPLOYER: "deployer", f"{ACCOUNT}role/cfn": "service-role"}
    trace = trace_of(stack, SERVICE_ROLE, run=asked_for())
    assert actions_of(trace) == {"cloudformation:CreateStack", "iam:PassRole"}
    assert actions_of(trace, Section.SERVICE_ROLE) == {"s3:CreateBucket"}


def test_a_later_call_need_not_name_the_role():
    """CloudFormation keeps using the role that the stack was made with."""
    assert every_order(STACK, SERVICE_ROLE)[f"{ACCOUNT}role/cfn"] == "service-role"


def test_another_stacks_role_is_not_the_runs():
    stack = record(
        "CreateStack",
        "cloudformation.amazonaws.com",
        request={"stackName": "orders-dev", "roleARN": f"{ACCOUNT}role/another"},
    )
    assert bins(trace_of(stack, SERVICE_ROLE, run=asked_for())) == {"used": 1, "other_principal": 1}


def test_a_run_without_stacks_has_no_service_role():
    assert bins(trace_of(record(), SERVICE_ROLE, run=asked_for())) == {"used": 1, "other_principal": 1}


# --- the functions' roles ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("by", "role", "session"),
    [
        (FUNCTION, "orders-dev-lambda", "anything"),
        (FUNCTION, "another-role", "orders-dev-api"),
        (STACK, "orders-dev-custom-resources", "orders-dev-custom-resource-existing-s3"),
    ],
    ids=["the role that it was given", "a session named like it", "a session named like a function of the stack"],
)
def test_a_functions_role_has_a_policy_of_its_own(by: dict[str, Any], role: str, session: str):
    sections = every_order(by, calls(role, session))
    assert sections == {DEPLOYER: "deployer", f"{ACCOUNT}role/{role}": "function"}


def test_a_response_names_the_role_too():
    update = record(
        "UpdateFunctionCode20150331v2",
        "lambda.amazonaws.com",
        request={"functionName": "orders"},
        response={"functionName": "orders", "role": f"{ACCOUNT}role/orders-role"},
    )
    assert every_order(update, calls("orders-role", "x"))[f"{ACCOUNT}role/orders-role"] == "function"


def test_another_functions_session_is_not_the_runs():
    trace = trace_of(FUNCTION, calls("billing-lambda", "billing-prod-api"), run=asked_for())
    assert bins(trace)["other_principal"] == 1


def test_a_function_that_another_made_gives_no_section():
    others = record(
        "CreateFunction20150331",
        "lambda.amazonaws.com",
        user=iam_user("alice"),
        request={"functionName": "billing", "role": f"{ACCOUNT}role/billing"},
    )
    trace = trace_of(record(), others, calls("billing", "billing"), run=asked_for())
    assert bins(trace) == {"used": 1, "other_principal": 2}


def test_a_refused_call_gives_no_section():
    denied = FUNCTION | {"errorCode": "AccessDeniedException"}
    trace = trace_of(record(), denied, calls("orders-dev-lambda", "orders-dev-api"), run=asked_for())
    assert bins(trace) == {"used": 1, "denied": 1, "other_principal": 1}
