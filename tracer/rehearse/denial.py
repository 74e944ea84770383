"""AWS's AccessDenied: what it says.

The words are those of https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html; S3 quotes the
resource (https://docs.aws.amazon.com/AmazonS3/latest/userguide/troubleshoot-403-errors.html), EC2 hides it.
"""

from __future__ import annotations

from dataclasses import dataclass

from tracer.rehearse.call import ApiError, Call
from tracer.rehearse.judge import Decision, Need


@dataclass(frozen=True, slots=True)
class Denial:
    """A call that was refused: for want of what, and in which words."""

    need: Need
    explicit: bool
    """A statement denies it; otherwise none allows it."""
    error: ApiError

    @property
    def message(self) -> str:
        """AWS's message."""
        return self.error.message


def refusal(call: Call, need: Need, policy_type: str, decision: Decision) -> Denial:
    """The refusal of a call, in the service's own words.

    Args:
        call: the call.
        need: what its caller may not do.
        policy_type: the type of the policies that refuse it, as `identity-based`.
        decision: what they say.
    """
    explicit = decision is Decision.DENIED
    article = "an" if policy_type.startswith("i") else "a"
    because = (
        f"with an explicit deny in {article} {policy_type} policy"
        if explicit
        else f"because no {policy_type} policy allows the {need.action} action"
    )
    message = (
        f"User: {call.caller.arn} is not authorized to perform: {need.action} on resource: {need.resource} {because}"
    )
    return Denial(need, explicit, ApiError("AccessDenied", message))
