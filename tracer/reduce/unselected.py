"""The error of a run that selects nothing: what was read instead, and what to ask for."""

from __future__ import annotations

from collections import Counter

from tracer.errors import NothingSelected, listed
from tracer.model.run import DeployRun
from tracer.model.trace import Accounting
from tracer.reduce.attribution import Attribution


def nothing_selected(accounting: Accounting, run: DeployRun, attribution: Attribution) -> NothingSelected:
    """The error that says what was read instead."""
    read, known = accounting.read, attribution.records_by_principal
    appearing = listed(f"{count:>8}  {principal}" for principal, count in _most_first(known))
    appear = f". These principals appear, with their records:{appearing}" if appearing else ""
    if not read:
        return NothingSelected("no records were read", "check --from: it held no CloudTrail records")
    if accounting.unreadable == read:
        reason = next(iter(_most_first(attribution.unreadable)))[0]
        return NothingSelected(f"none of the {read} records read is a CloudTrail record: {reason}", "check --from")
    if accounting.outside_window or accounting.filtered_out:
        lines = [f"no record of the run is left of {read} read: {accounting.other_principal} are other principals'"]
        if accounting.outside_window:
            times = f"{attribution.first:%Y-%m-%dT%H:%M:%SZ} to {attribution.last:%Y-%m-%dT%H:%M:%SZ}"
            lines.append(f"{accounting.outside_window} outside the window (the records are of {times})")
        if accounting.filtered_out:
            lines.append(f"{accounting.filtered_out} filtered out")
        hint = "widen --since and --until, or drop --user-agent, --event-source, --region or --account"
        return NothingSelected(", ".join(lines) + appear, hint)
    if not appearing:
        message = f"none of the {read} records read is a call of a user or role of its own account"
        return NothingSelected(
            message, "calls of AWS services for themselves and of other accounts need no policy here"
        )
    asked = " or ".join(run.principals)
    return NothingSelected(
        f"no record of the {read} read is of {asked or 'a caller of this account'}{appear}",
        "ask for one of these with --principal, or for every caller without it",
    )


def _most_first(counts: Counter[str]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))
