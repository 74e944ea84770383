"""Files of ignores, in JSON and in TOML."""

from __future__ import annotations

from typing import Final

from fuzz.harness import written
from tracer.emit.ignores import load_ignores, sift
from tracer.errors import UsageError
from tracer.model.action import Action
from tracer.model.arn import ArnPattern
from tracer.model.permission import Basis, Evidence, Permission, Section, UsedPermission

_USED: Final = UsedPermission(
    Permission(
        section=Section.DEPLOYER,
        principal="arn:aws:iam::123456789012:user/deployer",
        action=Action("s3:DeleteBucket"),
        resource=ArnPattern("arn:aws:s3:::orders"),
        basis=Basis.OBSERVED,
    ),
    Evidence(count=1),
)


def target(data: bytes) -> int:
    """One execution. Raises on anything but UsageError, which says what is wrong with the file."""
    for name in ("ignores.json", "ignores.toml"):
        try:
            ignores = load_ignores(written(data, name))
        except UsageError:
            continue
        kept, left_out = sift([_USED], ignores)
        assert len(kept) + sum(len(one.permissions) for one in left_out) == 1
        for one in left_out:
            assert one.ignore.reason in one.finding(one.permissions).message
    return 1
