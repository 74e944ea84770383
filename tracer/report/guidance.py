"""What a reader does about a finding: one sentence a code, beside what the finding itself says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

ADVICE: Final[Mapping[str, str]] = {
    "UNREADABLE_RECORD": "Look at the source: something in it is no CloudTrail record, and nothing of it counts.",
    "UNKNOWN_ACTION": "Look the event up in AWS's documentation and add its action by hand: the policy has none.",
    "UNKNOWN_RESOURCE": "Narrow the line by hand if you know the resource: its parameters are not in the record.",
    "WILDCARD_RESOURCE": "Narrow the line by hand if you know the resource: the call itself left it open.",
    "CONFLICTING_DUPLICATE": "Ask whether the log was altered: one eventID stands for two different records.",
    "SEVERAL_PRINCIPALS": "Name who deployed with --principal; until then each caller has a policy of its own.",
    "ROOT_CALLER": "Deploy as a role or a user: no policy limits the root user, so none can be drawn from its calls.",
    "AMBIGUOUS_RUN": "Narrow the run: --since, --until and --principal say which calls are meant.",
    "ENCODED_DENIAL": "Decode the message with sts:DecodeAuthorizationMessage to learn what was denied.",
    "DENIED_BY_OTHER_POLICY": "Ask who owns that policy: no grant in this one lifts its Deny.",
    "GENERATED_ID": "Nothing to do: the next run has other ids. --resources exact keeps them as they were seen.",
    "COVERAGE_GAP": "Read the inferred lines with care, or have the trail log these events and record the run again.",
    "INTEGRITY_UNCHECKED": "Check the log files against the trail's digests with --verify.",
    "BASELINE_FAULT": "Mend the baseline, or let --merge tighten leave out what is not needed.",
    "BASELINE_UNUSED": "Leave it out with --merge tighten, once the recorded runs show all that a deploy does.",
    "BLOCKED_BY_DENY": "Change the Deny, or do without the call: as long as the Deny stands the deploy fails here.",
    "NOT_EXPRESSIBLE": "Attach fewer or smaller policies: --compact, --merge tighten, or a larger quota.",
    "ESCALATION_RISK": "Decide whether its holder is trusted with that; --boundary narrows what can be given away.",
    "IGNORED": "Nothing to do: it was left out as asked, for the reason given.",
    "SEVERAL_RUNS": "Check that no other service has such names; --resources names keeps those of each run.",
    "WILDCARD_ACTION": "Check that no action which AWS adds later may be covered; without --compact all are named.",
}
"""By the code of the finding."""
