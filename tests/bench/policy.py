"""A role's policy, from records to checked documents, through the public API: `tracer run` without its HTML page.

    python tests/bench/policy.py FOLDER ROLE-ARN [SINCE UNTIL]

Prints how many records were the role's.
"""

from __future__ import annotations

import sys

import tracer

if __name__ == "__main__":
    folder, role, *window = sys.argv[1:]
    since, until = window or (None, None)
    trace = tracer.trace(folder, principal=role, since=since, until=until)
    drafted = tracer.draft(trace, baseline="none")
    if not all(policy.to_json() for policy in drafted.policies):
        raise SystemExit("no policy")
    sys.stdout.write(f"{trace.accounting.read - trace.accounting.other_principal}\n")
