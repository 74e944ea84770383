"""`tracer diff`: two policies, by meaning and not by text."""

from __future__ import annotations

from collections.abc import Iterator

import click

from tracer.cli.completion import FileName
from tracer.cli.inputs import read_policy_groups
from tracer.cli.options import Settings, command
from tracer.cli.output import show
from tracer.cli.progress import working
from tracer.emit.diff import diff as compare
from tracer.errors import UsageError
from tracer.model.policy import Policy
from tracer.report.difference import Compared, difference


@command(
    "tracer diff current.json out/deployer.json",
    "tracer diff policies/ out/ --no-new-access",
    own=(
        click.Argument(["old"], type=FileName()),
        click.Argument(["new"], type=FileName()),
        click.Option(["--no-new-access"], is_flag=True, help="Exit with 1 where NEW allows what OLD does not."),
    ),
)
def diff(settings: Settings, old: str, new: str, *, no_new_access: bool) -> int:
    """Say what a new policy allows that an old one does not, and the other way round.

    OLD and NEW are IAM policy documents in JSON; or folders of them as `tracer run -o FOLDER/` writes them, and then
    each principal's documents are compared with those of the same name.

    Meaning counts, not text: order, splitting and wildcards make no difference where the action table shows that none
    is there, and what a Deny takes away is not allowed. What cannot be shown to have been allowed before is gained.
    """
    with working("Comparing the policies"):
        found = [(name, compare(before, after)) for name, before, after in _pairs(old, new)]
    compared = [Compared(name, one.gained, one.lost) for name, one in found]
    show(difference(compared))
    return int(no_new_access and any(one.gained for one in compared))


def _pairs(old: str, new: str) -> Iterator[tuple[str, tuple[Policy, ...], tuple[Policy, ...]]]:
    """What is to be compared: a name (none where there is nothing to tell apart) and the policies of both sides."""
    before, after = read_policy_groups(old), read_policy_groups(new)
    if ("" in before) != ("" in after):
        if len(before) > 1 or len(after) > 1:
            raise UsageError(
                "a file cannot be compared with a folder that holds the policies of several principals",
                f"name one of the files in {old if len(before) > 1 else new}, or two folders",
            )
        yield "", next(iter(before.values())), next(iter(after.values()))
        return
    for name in sorted({*before, *after}):
        yield name, before.get(name, ()), after.get(name, ())
