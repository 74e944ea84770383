"""The account's IAM, asked as the gate asks it: who has a key, which policies bound them, what a name stands for.

On moto's own state, in this process; each test has an account to itself.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest
from moto.kms.models import kms_backends
from moto.secretsmanager.models import secretsmanager_backends
from rehearse_support import call

from tracer.errors import RehearseError
from tracer.rehearse.call import ApiError, Caller, CallerType
from tracer.rehearse.directory import MotoDirectory
from tracer.rehearse.gate import Layer

ACCOUNTS: Final = itertools.count(700_000_000_000)
REGION: Final = "us-east-1"
TRUST: Final = {"Version": "2012-10-17", "Statement": []}
NOW: Final = datetime.now(UTC)


def policy(action: str) -> Mapping[str, Any]:
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}]}


READ, WRITE, ALL = policy("s3:Get*"), policy("s3:Put*"), policy("s3:*")


@pytest.fixture
def directory() -> MotoDirectory:
    return MotoDirectory(str(next(ACCOUNTS)))


def known(directory: MotoDirectory, access_key_id: str) -> Caller:
    found = directory.caller(access_key_id)
    assert found is not None
    return found


def layers(directory: MotoDirectory, access_key_id: str) -> Sequence[Layer]:
    return directory.layers(known(directory, access_key_id))


# --- whose a key is ---------------------------------------------------------------------------------------------------


def test_a_user_is_known_by_the_key_until_it_is_inactive(directory: MotoDirectory):
    key = directory.add_user("deployer", "/team/", [], None)
    caller = known(directory, key.access_key_id)
    arn = f"arn:aws:iam::{directory.account}:user/team/deployer"
    assert (caller.type, caller.arn, caller.user_name) == (CallerType.IAM_USER, arn, "deployer")
    assert caller.principal_id.startswith("AIDA")
    assert key.arn == arn
    directory.iam.update_access_key("deployer", key.access_key_id, status="Inactive")
    assert directory.caller(key.access_key_id) is None


def test_the_root_has_a_key_and_no_policy_bounds_it(directory: MotoDirectory):
    caller = known(directory, directory.root_key().access_key_id)
    assert (caller.type, caller.arn) == (CallerType.ROOT, f"arn:aws:iam::{directory.account}:root")
    assert directory.layers(caller) == ()


def test_a_key_that_nobody_has_is_nobody_s(directory: MotoDirectory):
    assert directory.caller("AKIAUNKNOWN") is None


def test_a_session_is_named_without_the_path_of_its_role(directory: MotoDirectory):
    role = directory.add_role("build", "/ci/", TRUST, [READ])
    key, until = directory.take_session(role, "run-1")
    caller = known(directory, key.access_key_id)
    assert caller.type is CallerType.ASSUMED_ROLE
    assert caller.arn == f"arn:aws:sts::{directory.account}:assumed-role/build/run-1"
    assert caller.role_arn == key.arn == f"arn:aws:iam::{directory.account}:role/ci/build"
    assert caller.principal_id.endswith(":run-1")
    assert caller.session_created is not None
    assert abs(caller.session_created - NOW) < timedelta(hours=1)
    assert until.replace(tzinfo=UTC) - caller.session_created > timedelta(hours=11)


def test_a_session_keeps_the_source_identity_that_it_was_given(directory: MotoDirectory):
    role = directory.add_role("build", "/", TRUST, [])
    key, _ = directory.take_session(role, "run-1")
    answer = {"Credentials": {"AccessKeyId": key.access_key_id}}
    directory.identify(answer, {"RoleArn": role})
    assert known(directory, key.access_key_id).source_identity is None
    directory.identify(answer, {"RoleArn": role, "SourceIdentity": "alice"})
    assert known(directory, key.access_key_id).source_identity == "alice"


def test_nobody_takes_a_session_of_a_role_that_is_not_there(directory: MotoDirectory):
    absent = f"arn:aws:iam::{directory.account}:role/absent"
    with pytest.raises(RehearseError, match="no role"):
        directory.take_session(absent, "run-1")
    with pytest.raises(RehearseError, match="no role"):
        directory.session(absent, "run-1", "ASIAX", NOW)


def test_sts_says_of_a_role_that_is_not_there_that_nobody_may_assume_it(directory: MotoDirectory):
    absent = f"arn:aws:iam::{directory.account}:role/absent"
    denied = directory.no_such_role(call("sts", "AssumeRole", {"RoleArn": absent, "RoleSessionName": "run-1"}))
    assert isinstance(denied, ApiError)
    assert denied.code == "AccessDenied"
    assert f"is not authorized to perform: sts:AssumeRole on resource: {absent}" in denied.message
    assert directory.no_such_role(call("iam", "GetRole", {"RoleName": "absent"})) is None
    role = directory.add_role("build", "/", TRUST, [])
    assert directory.no_such_role(call("sts", "AssumeRole", {"RoleArn": role, "RoleSessionName": "run-1"})) is None


# --- which policies bound it ------------------------------------------------------------------------------------------


def test_a_user_holds_what_is_attached_what_is_inline_and_what_the_groups_hold(directory: MotoDirectory):
    key = directory.add_user("deployer", "/", [READ], None)
    directory.iam.put_user_policy("deployer", "own", json.dumps(WRITE))
    directory.iam.create_group("team", "/")
    directory.iam.put_group_policy("team", "shared", json.dumps(ALL))
    assert layers(directory, key.access_key_id) == [Layer("identity-based", [WRITE, READ])]
    directory.iam.add_user_to_group("team", "deployer")
    assert layers(directory, key.access_key_id) == [Layer("identity-based", [WRITE, READ, ALL])]


def test_a_boundary_of_a_user_is_a_layer_of_its_own(directory: MotoDirectory):
    key = directory.add_user("deployer", "/", [ALL], READ)
    assert layers(directory, key.access_key_id) == [
        Layer("identity-based", [ALL]),
        Layer("permissions boundary", [READ]),
    ]


def test_a_session_has_the_policies_of_its_role_its_boundary_and_its_own(directory: MotoDirectory):
    role = directory.add_role("build", "/", TRUST, [ALL])
    boundary = directory.iam.create_policy("", "/", json.dumps(READ), "boundary", [])
    (found,) = directory.iam.roles.values()
    found.permissions_boundary_arn = boundary.arn
    taken = directory.sts.assume_role(REGION, "run-1", role, json.dumps(WRITE), 3600, "")
    assert layers(directory, taken.access_key_id) == [
        Layer("identity-based", [ALL]),
        Layer("permissions boundary", [READ]),
        Layer("session", [WRITE]),
    ]


# --- what a name stands for -------------------------------------------------------------------------------------------


def test_names_of_iam_stand_for_arns_with_their_paths(directory: MotoDirectory):
    role = directory.add_role("build", "/ci/", TRUST, [])
    user = directory.add_user("deployer", "/team/", [], None).arn
    directory.iam.create_instance_profile("machines", "/", [], None)
    assert directory.profile_role_arn(directory.account, "machines") is None, "a profile without a role"
    directory.iam.add_role_to_instance_profile("machines", "build")
    arn = f"arn:aws:iam::{directory.account}:instance-profile/machines"
    assert directory.role_arn(directory.account, "build") == role
    assert directory.user_arn(directory.account, "deployer") == user
    assert directory.profile_role_arn(directory.account, "machines") == role
    assert directory.profile_role_arn(directory.account, arn) == role
    assert directory.role_arn(directory.account, "deployer") is None
    assert directory.user_arn(directory.account, "build") is None
    assert directory.profile_role_arn(directory.account, "build") is None


def test_a_secret_and_a_key_stand_for_arns_in_their_region(directory: MotoDirectory):
    secret = secretsmanager_backends[directory.account][REGION].create_managed_secret("sm", "db", "{}")
    key = kms_backends[directory.account][REGION].create_key(None, "ENCRYPT_DECRYPT", "SYMMETRIC_DEFAULT", "", [])
    kms_backends[directory.account][REGION].create_alias(key.id, "alias/orders")
    assert directory.secret_arn(directory.account, REGION, "db") == secret.arn
    assert directory.secret_arn(directory.account, "eu-west-1", "db") is None
    for name in (key.id, key.arn, "alias/orders"):
        assert directory.key_arn(directory.account, REGION, name) == key.arn
    assert directory.key_arn(directory.account, REGION, "alias/other") is None


def test_an_account_has_the_policies_that_aws_manages(directory: MotoDirectory):
    directory.furnish()
    assert "arn:aws:iam::aws:policy/AdministratorAccess" in directory.iam.managed_policies
