"""The filters of a run, asked of one record."""

from __future__ import annotations

from typing import Final

from tracer.model.record import Record
from tracer.model.run import DeployRun

GLOBAL_SERVICES: Final = frozenset(
    {
        "account", "artifact", "billing", "budgets", "ce", "cloudfront", "globalaccelerator", "health", "iam",
        "importexport", "networkmanager", "organizations", "route53", "route53domains", "shield", "sso-directory",
        "sts", "support", "trustedadvisor", "waf",
    }
)  # fmt: skip
"""Services with one endpoint a partition, whose calls are logged in its first region whatever the deploy's own is:
"global service events" (https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-concepts.html) for IAM,
STS and CloudFront; the others as their endpoints are
(https://docs.aws.amazon.com/general/latest/gr/aws-service-information.html)."""


def has_filters(run: DeployRun) -> bool:
    """Whether any filter was asked for."""
    return bool(run.event_sources or run.accounts or run.regions or run.user_agents)


def passes_filters(record: Record, run: DeployRun) -> bool:
    """Whether source, region, account and, for a direct call, user agent are those asked for."""
    return (
        _any_in(run.event_sources, record.event_source)
        and (not run.accounts or record.account in run.accounts)
        and (not run.regions or record.aws_region in run.regions or record.service in GLOBAL_SERVICES)
        and (record.via is not None or _any_in(run.user_agents, record.user_agent or ""))
    )


def _any_in(wanted: tuple[str, ...], text: str) -> bool:
    return not wanted or any(part in text for part in wanted)
