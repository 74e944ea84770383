"""Who decides in the lab: npm's iam-simulate, in a process of its own; see `second_opinion`, which installs it."""

from __future__ import annotations

from collections.abc import Sequence

import second_opinion


def judge_command() -> Sequence[str]:
    """The command of the deciding process, for an account."""
    return ("node", str(second_opinion.FOLDER / "judge.mjs"), str(second_opinion.installed()))
