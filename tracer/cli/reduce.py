"""`tracer reduce`: records become a trace."""

from __future__ import annotations

from tracer import pipeline
from tracer.cli.inputs import open_run
from tracer.cli.options import Settings, command
from tracer.cli.output import deliver, talk
from tracer.report.summary import accounted, findings


@command(
    "tracer reduce --from logs/ --since 2026-11-24T08:00Z > trace.json",
    "tracer collect --from logs/ | tracer reduce -o trace.json",
)
def reduce(settings: Settings) -> int:
    """Turn records into a trace: which permissions were needed, and why.

    Reads CloudTrail records, keeps those of one deploy, and finds for each the IAM action, the resource and the
    conditions that AWS checked. The trace is JSON: permissions with their evidence, denied calls, findings, and an
    accounting in which every record that was read has its place.
    """
    source, run = open_run(settings)
    trace = pipeline.trace(source, run, settings.trace_options())
    deliver(settings.output, map(str.encode, trace.json_chunks()), "trace.json")
    talk([*accounted(trace.accounting), *findings(trace.findings)])
    return settings.exit_code(trace.findings)
