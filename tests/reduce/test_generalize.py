"""Observed ARNs become patterns that hold for the next run: generated ids are starred, what people chose is kept."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import arn_patterns

from tracer.model.arn import ArnPattern
from tracer.model.permission import ResourcesMode
from tracer.model.policy import Conditions
from tracer.reduce.generalize import Generalizer
from tracer.reference import generated

ACCOUNT = "123456789012"
UUID = "0e5d0ab6-097e-49d8-99ef-747ce3e5f8f4"
STACK = "orders-dev"

NAMES = Generalizer(ResourcesMode.NAMES, stacks=(STACK,))

STARRED = {
    "rest-api-id": ("apigateway", "/restapis/a1b2c3d4e5", "/restapis/*"),
    "rest-api-resource-id": (
        "apigateway",
        "/restapis/*/resources/x1y2z3/methods/GET",
        "/restapis/*/resources/*/methods/GET",
    ),
    "rest-api-part-id": ("apigateway", "/restapis/*/deployments/x1y2z3", "/restapis/*/deployments/*"),
    "http-api-id": ("apigateway", "/apis/a1b2c3d4e5/stages/dev", "/apis/*/stages/dev"),
    "http-api-part-id": ("apigateway", "/apis/*/routes/x1y2z3", "/apis/*/routes/*"),
    "http-api-response-id": ("apigateway", "/apis/*/routes/*/routeresponses/x1", "/apis/*/routes/*/routeresponses/*"),
    "api-gateway-id": ("apigateway", "/usageplans/x1y2z3", "/usageplans/*"),
    "usage-plan-key-id": ("apigateway", "/usageplans/*/keys/x1y2z3", "/usageplans/*/keys/*"),
    "api-mapping-id": (
        "apigateway",
        "/domainnames/api.example.com/apimappings/x1",
        "/domainnames/api.example.com/apimappings/*",
    ),
    "tag-target": ("apigateway", "/tags/arn%3Aaws%3Aapigateway", "/tags/*"),
    "ec2-id": ("ec2", "subnet/subnet-01ed430875cff578d", "subnet/*"),
    "layer-version": ("lambda", "layer:common:7", "layer:common:*"),
    "function-version": ("lambda", "function:orders:7", "function:orders:*"),
    "task-definition-revision": ("ecs", "task-definition/web:7", "task-definition/web:*"),
    "ecs-task-id": ("ecs", "task/prod/0b69d5c0d655411693ac1a1bbaa26d7e", "task/prod/*"),
    "secret-suffix": ("secretsmanager", "secret:orders/db-AbC123", "secret:orders/db-??????"),
    "stream-label": ("dynamodb", "table/orders/stream/2026-01-01T00:00:00.000", "table/orders/stream/*"),
    "backup-id": ("dynamodb", "table/orders/backup/01489602797149-73d8d5bc", "table/orders/backup/*"),
    "lambda-log-stream": (
        "logs",
        f"log-group:/aws/lambda/orders:log-stream:2026/11/24/[$LATEST]{'0' * 32}",
        "log-group:/aws/lambda/orders:log-stream:*",
    ),
    "load-balancer-id": ("elasticloadbalancing", "loadbalancer/app/web/50dc6c495c0c9188", "loadbalancer/app/web/*"),
    "user-pool-id": ("cognito-idp", "userpool/us-east-1_AbCdEfGhI", "userpool/*"),
    "graphql-api-id": ("appsync", "apis/abcdefghijklmnopqrstuvwxyz/types/Query", "apis/*/types/Query"),
    "file-system-id": ("elasticfilesystem", "access-point/fsap-0123456789abcdef0", "access-point/*"),
    "job-flow-id": ("elasticmapreduce", "cluster/j-3J5TS3B93A9BB", "cluster/*"),
    "cloud-map-id": ("servicediscovery", "namespace/ns-abcdefghijklmnop", "namespace/*"),
    "msk-uuid": ("kafka", f"cluster/events/{UUID}-5", "cluster/events/*"),
    "uuid": ("wafv2", f"regional/webacl/edge/{UUID}", "regional/webacl/edge/*"),
    "cloudformation-suffix": ("sqs", "orders-dev-DeadLetters-Q1W2E3R4T5Y6", "orders-dev-DeadLetters-*"),
}

KEPT = {
    "a key pair's name that looks like an id": ("ec2", "key-pair/ops-12345678"),
    "a placement group's name": ("ec2", "placement-group/pg-0123456789abcdef0"),
    "a function's digits": ("lambda", "function:orders2026"),
    "a function's alias": ("lambda", "function:orders:live"),
    "a task definition's name": ("ecs", "task-definition/web2"),
    "a load balancer's name": ("elasticloadbalancing", "loadbalancer/app/web-1/*"),
    "a table's name": ("dynamodb", "table/orders-2026"),
    "a pool that a policy already leaves open": ("cognito-idp", "userpool/*"),
    "a bucket whose last part is a word": ("s3", "acme-deployments"),
    "a queue whose last part has no digits": ("sqs", "orders-notification"),
    "a cluster's name": ("kafka", "cluster/events-1/*"),
    "a key of the account that the run did not make": ("kms", f"key/{UUID}"),
    "a zone that the run did not make": ("route53", "hostedzone/Z1D633PJN98FT9"),
    "a certificate that the run did not request": ("acm", f"certificate/{UUID}"),
}


def arn(service: str, resource: str) -> ArnPattern:
    return ArnPattern(f"arn:aws:{service}:us-east-1:{ACCOUNT}:{resource}")


@pytest.mark.parametrize("rule", STARRED)
def test_a_generated_id_is_starred(rule: str):
    service, resource, wanted = STARRED[rule]
    pattern, widened = NAMES(arn(service, resource))
    assert pattern == arn(service, wanted)
    assert [step.rule for step in widened] == [rule]


@pytest.mark.parametrize("name", KEPT)
def test_what_people_chose_is_kept(name: str):
    pattern = arn(*KEPT[name])
    assert NAMES(pattern) == (pattern, ())


@pytest.mark.parametrize(
    ("service", "resource", "identifier"),
    [
        ("kms", f"key/{UUID}", UUID),
        ("route53", "hostedzone/Z1D633PJN98FT9", "Z1D633PJN98FT9"),
        ("acm", f"certificate/{UUID}", UUID),
    ],
    ids=["kms", "route53", "acm"],
)
def test_what_outlives_a_deploy_is_starred_where_the_run_made_it(service: str, resource: str, identifier: str):
    made = Generalizer(ResourcesMode.NAMES, made=frozenset({identifier}))
    assert made(arn(service, resource))[0].text.endswith("/*")


@pytest.mark.parametrize("prefix", ["vpc", "sg", "tgw-attach", "ipam-res-disco-assoc", "ipv4pool-ec2", "lgw-vif-grp"])
@pytest.mark.parametrize("suffix", ["0a1b2c3d", "0123456789abcdef0"], ids=["old", "new"])
def test_ids_of_ec2_are_known_by_their_beginning_and_length(prefix: str, suffix: str):
    assert NAMES(arn("ec2", f"any-type/{prefix}-{suffix}"))[0] == arn("ec2", "any-type/*")


def test_exact_changes_nothing():
    exact = Generalizer(ResourcesMode.EXACT, stacks=(STACK,))
    for service, resource, _ in STARRED.values():
        assert exact(arn(service, resource)) == (arn(service, resource), ())


def test_names_do_not_depend_on_a_service():
    named = Generalizer(ResourcesMode.NAMES, service="orders", stages=("dev",), stacks=(STACK,))
    assert named(arn("sqs", "orders-dev-jobs")) == (arn("sqs", "orders-dev-jobs"), ())


@pytest.mark.parametrize(
    ("resource", "wanted"),
    [
        ("orders-dev-jobs", "orders-dev-*"),
        ("Orders-Dev-jobs", "Orders-Dev-*"),
        ("orders-archive", "orders-archive"),
        ("orders-development", "orders-development"),
        ("my-orders-dev-jobs", "my-orders-dev-jobs"),
        ("orders-dev", "orders-dev"),
        ("orders-dev-*", "orders-dev-*"),
    ],
)
def test_service_mode_never_reaches_past_the_services_own_names(resource: str, wanted: str):
    service = Generalizer(ResourcesMode.SERVICE, service="orders", stages=("dev",))
    assert service(arn("sqs", resource))[0] == arn("sqs", wanted)


@pytest.mark.parametrize(
    ("resource", "wanted", "steps"),
    [
        ("orders-dev-jobs", "orders-*-*", [("dev", "several-stages"), ("jobs", "service-prefix")]),
        ("orders-prod-jobs", "orders-*-*", [("jobs", "service-prefix"), ("prod", "several-stages")]),
        ("orders-dev-*", "orders-*-*", [("dev", "several-stages")]),
        ("orders-dev", "orders-*", [("dev", "several-stages")]),
        ("orders-archive", "orders-archive", []),
        ("orders-development", "orders-development", []),
        ("orders-archive-jobs", "orders-archive-jobs", []),
    ],
)
def test_of_several_stages_service_mode_keeps_what_they_have_in_common(
    resource: str, wanted: str, steps: list[tuple[str, str]]
):
    service = Generalizer(ResourcesMode.SERVICE, service="orders", stages=("dev", "prod"))
    pattern, widened = service(arn("sqs", resource))
    assert pattern == arn("sqs", wanted)
    assert sorted((step.before, step.rule) for step in widened) == steps


def test_conditions_that_compare_arns_are_generalized_as_resources_are():
    policy = f"arn:aws:iam::{ACCOUNT}:policy/orders-dev-Policy-Q1W2E3R4T5Y6"
    wanted = f"arn:aws:iam::{ACCOUNT}:policy/orders-dev-Policy-*"
    assert NAMES.conditions(Conditions.of("ArnEquals", "iam:PolicyARN", policy)) == Conditions.of(
        "ArnEquals", "iam:PolicyARN", wanted
    )
    text = Conditions.of("StringEquals", "iam:PassedToService", "lambda.amazonaws.com")
    assert NAMES.conditions(text) == text


def test_every_rule_has_an_example():
    of_their_own = {"serverless-artifact", "content-hash", "distribution-id"}  # no region, or no account: below
    assert {rule.rule for rule in generated.rules() if not rule.made_only} == set(STARRED) | of_their_own


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (
            "arn:aws:s3:::deploys/serverless/orders/dev/1700000000000-2026-11-24T08:00:00.000Z/orders.zip",
            "arn:aws:s3:::deploys/serverless/orders/dev/*/orders.zip",
        ),
        (f"arn:aws:s3:::assets/{'0a' * 32}.zip", "arn:aws:s3:::assets/*.zip"),
        (
            f"arn:aws:cloudfront::{ACCOUNT}:distribution/EDFDVBD6EXAMPL",
            f"arn:aws:cloudfront::{ACCOUNT}:distribution/*",
        ),
    ],
)
def test_ids_of_services_without_a_region(text: str, wanted: str):
    assert NAMES(ArnPattern(text))[0].text == wanted


# --- laws -------------------------------------------------------------------------------------------------------------

GENERALIZERS = [
    NAMES,
    Generalizer(ResourcesMode.EXACT),
    Generalizer(ResourcesMode.SERVICE, "orders", ("dev",), (STACK,)),
    Generalizer(ResourcesMode.SERVICE, "orders", ("dev", "prod"), (STACK,)),
    Generalizer(ResourcesMode.SERVICE, "a"),
]
observed = arn_patterns | st.sampled_from(
    [arn(service, resource) for service, resource, _ in STARRED.values()] + [arn(*kept) for kept in KEPT.values()]
)


@given(observed, st.sampled_from(GENERALIZERS))
def test_a_pattern_covers_what_it_came_from(pattern: ArnPattern, generalize: Generalizer):
    assert generalize(pattern)[0].covers(pattern)


@given(observed, st.sampled_from(GENERALIZERS))
def test_a_second_time_changes_nothing(pattern: ArnPattern, generalize: Generalizer):
    once, _ = generalize(pattern)
    assert generalize(once) == (once, ())


@given(observed, st.sampled_from(GENERALIZERS))
def test_a_change_has_a_step_and_a_step_has_a_change(pattern: ArnPattern, generalize: Generalizer):
    after, widened = generalize(pattern)
    assert (after != pattern) is bool(widened), json.dumps([step.rule for step in widened])
