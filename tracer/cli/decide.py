"""The judge of `tracer rehearse`: tracer's own evaluator, as the process that the local account asks.

    python -m tracer.cli.decide

Reads JSON Lines of `{"policies": [...], "calls": [...]}` and answers each with a line of decisions, in the words that
`tracer.rehearse.judge` states. It is no command: the account, which knows nothing of tracer, starts it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from tracer.emit.evaluate import Call, Decision, Evaluator
from tracer.errors import TracerError
from tracer.model.policy import InvalidPolicy, Policy

_WORDS: Final = {
    Decision.ALLOWED: "Allowed",
    Decision.DENIED: "ExplicitlyDenied",
    Decision.NOT_ALLOWED: "ImplicitlyDenied",
}


def main(lines: Iterable[str]) -> None:
    """Answer until there are no more questions."""
    for line in lines:
        question = json.loads(line)
        print(json.dumps(answers(question["policies"], question["calls"])), flush=True)


def answers(policies: Sequence[Mapping[str, Any]], calls: Sequence[Mapping[str, Any]]) -> list[str]:
    """A decision for each call, or, for all of them, what is wrong with the policies."""
    try:
        evaluator = Evaluator(Policy.from_json(policy) for policy in policies)
    except (InvalidPolicy, TracerError) as error:
        return [f"error: {error}"] * len(calls)
    return [_WORDS[evaluator.decide(Call(call["action"], call["resource"], call["context"]))] for call in calls]


if __name__ == "__main__":
    main(sys.stdin)
