"""A small trace to give to the commands that read one."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tracer.model.action import Action
from tracer.model.arn import ArnPattern
from tracer.model.finding import Finding
from tracer.model.permission import Evidence, Permission, Section, UsedPermission
from tracer.model.trace import Accounting, RunFacts, Trace

DEPLOYER = "arn:aws:iam::123456789012:user/deployer"
EVIDENCE = Evidence(1, "2026-11-24T08:00:01Z", "2026-11-24T08:00:01Z", ("11111111-2222-3333-4444-555555555555",))


def used(action: str, resource: str, section: Section = Section.DEPLOYER, principal: str = DEPLOYER) -> UsedPermission:
    return UsedPermission(Permission(section, principal, Action(action), ArnPattern(resource)), EVIDENCE)


def trace_of(*permissions: UsedPermission, findings: tuple[Finding, ...] = ()) -> Trace:
    return Trace(
        run=RunFacts(
            principals=(DEPLOYER,),
            accounts=("123456789012",),
            regions=("us-east-1",),
            service="orders",
            stage="dev",
        ),
        permissions=permissions,
        findings=findings,
        accounting=Accounting(other_principal=2, used=len(permissions)),
    )


@pytest.fixture(scope="session")
def sts() -> Iterator[str]:
    """The address of an STS that answers everybody (moto's)."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    yield "http://{}:{}".format(*server.get_host_and_port())
    server.stop()


@pytest.fixture
def credentials(sts: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """Puts credentials into the environment, and nothing else of AWS; the ARN of their owner."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "absent"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_ENDPOINT_URL", sts)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    return "arn:aws:sts::123456789012:user/moto"


@pytest.fixture
def trace() -> Trace:
    return trace_of(
        used("s3:CreateBucket", "arn:aws:s3:::orders-dev-bucket"),
        used("dynamodb:CreateTable", "arn:aws:dynamodb:us-east-1:123456789012:table/orders"),
    )


@pytest.fixture
def trace_file(trace: Trace, tmp_path: Path) -> Path:
    path = tmp_path / "trace.json"
    path.write_text(trace.to_json(), encoding="utf-8")
    return path
