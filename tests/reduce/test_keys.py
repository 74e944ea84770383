"""The keys of a request that a variable of an ARN may stand under, by the variable's name and its resource type's."""

from __future__ import annotations

import pytest

from tracer.reduce.keys import SUBJECT_KEYS, keys_of_variable, subject_keys
from tracer.reference import arn_forms


@pytest.mark.parametrize(
    ("prefix", "kind", "variable", "keys"),
    [
        ("lambda", "function", "FunctionName", ["functionname", "function", "functionarn", "functionidentifier"]),
        ("ec2", "instance", "InstanceId", ["instanceid", "instance", "instancearn", "instanceidentifier"]),
        (
            "rds",
            "db",
            "DbInstanceName",
            [
                *("dbinstancename", "dbinstance", "dbinstancearn", "dbinstanceidentifier"),
                *("db", "dbname", "dbarn", "dbidentifier"),
            ],
        ),
        ("ecs", "service", "ClusterName", ["clustername", "cluster", "clusterarn", "clusteridentifier"]),
        ("iam", "role", "RoleNameWithPath", ["rolenamewithpath", "role", "rolename", "rolearn", "roleidentifier"]),
        (
            "ssm",
            "parameter",
            "ParameterNameWithoutLeadingSlash",
            [
                "parameternamewithoutleadingslash",
                *("parameter", "parametername", "parameterarn", "parameteridentifier"),
            ],
        ),
        ("wafv2", "webacl", "Scope", ["scope", "scopename", "scopearn", "scopeidentifier", "scopeid"]),
        ("wafv2", "webacl", "Id", ["identifier", "webacl", "webaclarn", "webaclidentifier", "webaclid"]),
    ],
    ids=[
        "a name is not filled from an id",
        "an id is not filled from a name",
        "the type's name, too",
        "what comes before the thing itself is no name of its type",
        "with a path",
        "without a slash",
        "neither a name nor an id: from both",
        "a key that says nothing counts nowhere below the top",
    ],
)
def test_the_keys_of_a_variable(prefix: str, kind: str, variable: str, keys: list[str]):
    assert list(keys_of_variable(arn_forms.form(prefix, kind), variable)) == keys


@pytest.mark.parametrize(
    ("variable", "never"),
    [
        ("FunctionName", {"id"}),
        ("RoleNameWithPath", {"id"}),
        ("ParameterNameWithoutLeadingSlash", {"id"}),
        ("InstanceId", {"name"}),
        ("UUID", {"name"}),
        ("Scope", {"name"}),
        ("Resource", set()),
    ],
)
def test_what_the_one_thing_of_a_call_is_called(variable: str, never: set[str]):
    """`name` is a name alone, and of a variable that does not say what it is only the thing itself has one."""
    assert subject_keys(variable) == tuple(key for key in SUBJECT_KEYS if key not in never)
