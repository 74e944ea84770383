"""`Paths`: the paths of IAM names, which calls leave out and ARNs have.

`iam:GetRole` names a role `deploy`, and AWS checks it on `role/ci/deploy`. The path stands in the response of the call that
made the role and in the session issuer of each of its sessions, so it is collected from all records before any is mapped.
"""

from __future__ import annotations

from collections.abc import Iterable

from tracer.model.arn import Arn
from tracer.model.record import Record
from tracer.reduce.request import leaves


class Paths:
    """What the records show of IAM names: (account, kind, name) -> the name with its path."""

    def __init__(self) -> None:
        self._full: dict[tuple[str, str, str], str] = {}

    def observe(self, record: Record) -> None:
        """Note the IAM ARNs that this record shows in full."""
        identity = record.user_identity
        self._note((identity.arn, identity.session_issuer_arn))
        if record.service == "iam":
            self._note(value for _, _, value in leaves(record.response_elements))

    def full_name(self, account: str, kind: str, name: str) -> str | None:
        """The name with its path (`ci/deploy`), or None where no record shows it.

        Args:
            account: the account's number.
            kind: what the ARN's resource part begins with: `role/`.
            name: the name alone.
        """
        return self._full.get((account, kind, name))

    def _note(self, arns: Iterable[str | None]) -> None:
        for text in arns:
            arn = Arn.find(text)
            if arn and arn.service == "iam" and "/" in arn.resource:
                kind, _, full = arn.resource.partition("/")
                # A name is unique in its account whatever its path, so the last record to show it is as good as the first;
                # of two paths (removed and made anew elsewhere) the smaller is kept, whatever the order of the records.
                key = (arn.account, f"{kind}/", full.rpartition("/")[2])
                self._full[key] = min(full, self._full.get(key, full))
