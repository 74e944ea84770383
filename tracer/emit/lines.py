"""`Line`: a statement of a draft, and what stands behind it: the baseline, the trace's permissions, or both."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from tracer.emit.grants import Allows, Grant
from tracer.model.permission import Basis, UsedPermission
from tracer.model.policy import Statement


class Provenance(StrEnum):
    """Where a statement comes from."""

    BASELINE = "baseline"
    """The baseline alone: nothing in the trace needed it."""
    BOTH = "both"
    """The baseline, and the trace needed it."""
    OBSERVED = "observed"
    """The trace; a record stands behind it."""
    IMPLIED = "implied"
    """The trace; no more than implied."""
    INFERRED = "inferred"
    """The trace; no more than inferred."""
    DENIED = "denied"
    """The trace; asked for and refused."""


_BY_BASIS: Final = {
    Basis.OBSERVED: Provenance.OBSERVED,
    Basis.IMPLIED: Provenance.IMPLIED,
    Basis.INFERRED: Provenance.INFERRED,
    Basis.DENIED: Provenance.DENIED,
}
"""The surest basis first."""


@dataclass(frozen=True, slots=True)
class Line:
    """One statement.

    Attributes:
        statement: as it is written.
        baseline: whether it stands in the baseline, word for word or narrowed.
        used: the trace's permissions that it allows.
    """

    statement: Statement
    baseline: bool = False
    used: tuple[UsedPermission, ...] = ()

    @property
    def provenance(self) -> Provenance:
        """Where it comes from; of several bases the surest."""
        if self.baseline:
            return Provenance.BOTH if self.used else Provenance.BASELINE
        bases = {used.permission.basis for used in self.used}
        return next((name for basis, name in _BY_BASIS.items() if basis in bases), Provenance.OBSERVED)


def attributed(lines: Sequence[Line], permissions: Iterable[UsedPermission]) -> tuple[Line, ...]:
    """`lines`, each with those of `permissions` that it allows."""
    allows = Allows(line.statement for line in lines)
    behind: dict[int, list[UsedPermission]] = {}
    for used in permissions:
        for number in sorted({hit.number for hit in allows.granting(Grant.of(used.permission))}):
            behind.setdefault(number, []).append(used)
    return tuple(replace(line, used=tuple(behind.get(number, ()))) for number, line in enumerate(lines))
