"""The command line: one file a command, each `options -> one call -> print`.

A command's module is imported when the command is asked for, so that `tracer --help` answers at once. That is why the
table below repeats the first line of each command's help; a test holds the two together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import click

from tracer import __version__
from tracer.cli.group import LazyGroup

if TYPE_CHECKING:
    from datetime import datetime


def clock() -> datetime:
    """The time now; imported when it is asked for, as the commands are."""
    from tracer.cli.times import system_clock

    return system_clock()


class Commands(LazyGroup):
    """The commands of this version. Each is the object of its name in `tracer.cli.NAME`."""

    short_helps: ClassVar = {
        "run": "Turn the records of one deploy into a checked policy: the main job.",
        "record": "Run a deploy and remember the run: window, principal, session, region.",
        "collect": "Write the records of one deploy as JSON Lines.",
        "reduce": "Turn records into a trace: which permissions were needed, and why.",
        "emit": "Turn traces and a baseline into a checked policy.",
        "check": "Say what a policy lacks for a trace, and what it grants beyond.",
        "rehearse": "Run a deploy under a policy, in an account on this machine, and say what it was refused.",
        "diff": "Say what a new policy allows that an old one does not, and the other way round.",
        "explain": "Show which events put an action into the policy, or a resource.",
        "report": "Show a deploy and its policy on one HTML page, with the evidence.",
        "query": "Ask one of the questions in queries/ of a trail's log files.",
        "redact": "Replace account ids, names, addresses and keys, so that a run can be shown to others.",
        "permissions": "Print the IAM policy that tracer itself needs.",
        "demo": "Do the main job on a bundled recorded run: no account, no network.",
    }


@click.version_option(__version__, message="%(prog)s %(version)s")
@click.group(
    "tracer",
    cls=Commands,
    epilog="Start with `tracer demo`; then `tracer run --help`.",
    context_settings={"help_option_names": ["-h", "--help"], "obj": clock},
)
def main() -> None:
    """Find out which IAM permissions a deploy really needs.

    Run a trial deploy with admin credentials; AWS CloudTrail records its calls. tracer reads the records and writes the
    policy that lets the same deploy succeed, merged with a baseline, with the events behind every line.
    """
