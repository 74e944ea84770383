"""One row of the lab's table: a scenario under the policies of one mode, and whether it passed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from lab.leave_one_out import actions
from lab.trial import Proof

HEAD: Final = ("scenario", "policy", "commands passed", "denials: hard", "soft", "actions", "characters", "excess")
USED: Final = 0.95
"""How much of what was observed must be missed when it is taken away."""


@dataclass(frozen=True, slots=True)
class Row:
    """A proof and what in its policies nobody would have missed."""

    mode: str
    proof: Proof
    unused: Sequence[str]

    @property
    def granted(self) -> int:
        """How many actions the policies name; where two principals hold the same, it counts for each."""
        return len(actions(self.proof.holders.deployer)) + len(actions(self.proof.holders.role))

    @property
    def fault(self) -> str | None:
        """What is wrong, for a person; None where the row passes."""
        if self.proof.failed or self.proof.hard:
            return self.proof.told()
        if self.mode == "observed" and len(self.unused) > (1 - USED) * self.granted:
            return f"{self.proof.scenario.name}: not missed: {', '.join(self.unused)}"
        return None

    def cells(self) -> Sequence[str]:
        """What stands under `HEAD`."""
        ran, holders = self.proof.ran, self.proof.holders
        passed = sum(not step.exit_code for step in ran)
        texts = [json.dumps(document, separators=(",", ":")) for document in (*holders.deployer, *holders.role)]
        return (
            self.proof.scenario.name,
            self.mode,
            f"{passed} of {len(ran)}",
            str(len(self.proof.hard)),
            str(len(self.proof.soft)),
            str(self.granted),
            f"{sum(map(len, texts)):,}",
            str(len(self.unused)),
        )


def table(rows: Iterable[Row]) -> str:
    """The rows as a Markdown table."""
    lines = [HEAD, tuple("---" for _ in HEAD), *(row.cells() for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
