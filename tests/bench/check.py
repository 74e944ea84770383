"""How long does it take to judge 1,000,000 (action, ARN) pairs against 50 statements? Under a second is asked for.

    python tests/bench/check.py [PAIRS]

Every ARN is another one, some calls are allowed by a pattern, some by none, and a Deny stands in the way of others:
nothing is answered from memory but what an action is about. The exit code is 1 where it takes longer.
"""

from __future__ import annotations

import sys
import time

from tracer.emit.evaluate import Evaluator
from tracer.model.policy import Policy, Statement

SERVICES = 10
KINDS = ("Get", "Put", "Delete", "List", "Describe")


def policy() -> Policy:
    """50 statements: for each of ten services four Allows on patterns of growing width, and a Deny."""
    statements = []
    for service in (f"service{number}" for number in range(SERVICES)):
        arn = f"arn:aws:{service}:us-east-1:123456789012:"
        statements += [
            Statement(actions=(f"{service}:Get*", f"{service}:List*"), resources=(f"{arn}thing/orders-*",)),
            Statement(actions=(f"{service}:PutThing",), resources=(f"{arn}thing/orders-dev-*/part/*", f"{arn}thing/x")),
            Statement(actions=(f"{service}:DeleteThing",), resources=(f"{arn}thing/orders-dev-1",)),
            Statement(actions=(f"{service}:Describe*",), resources=("*",)),
            Statement(effect="Deny", actions=(f"{service}:*",), resources=(f"{arn}thing/*-secret",)),
        ]
    return Policy(tuple(statements))


def pairs(number: int) -> list[tuple[str, str]]:
    """That many calls, no two on the same ARN."""
    calls = []
    for place in range(number):
        service = f"service{place % SERVICES}"
        kind = KINDS[place // SERVICES % len(KINDS)]
        name = f"orders-{'dev' if place % 3 else 'prod'}-{place}/part/{place}{'-secret' if place % 7 == 0 else ''}"
        calls.append((f"{service}:{kind}Thing", f"arn:aws:{service}:us-east-1:123456789012:thing/{name}"))
    return calls


def main(number: int) -> int:
    """Measure, tell, and say whether it was quick enough."""
    judged, calls = Evaluator(policy()), pairs(number)
    start = time.perf_counter()
    answers = judged.allowed(calls)
    seconds = time.perf_counter() - start
    told = f"{number:,} pairs against {len(policy().statements)} statements: {seconds:.2f} s, {sum(answers):,} allowed"
    sys.stdout.write(f"{told}\n")
    return int(seconds > number / 1_000_000)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000))
