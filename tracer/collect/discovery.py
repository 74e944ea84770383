"""Where in a bucket a trail's log files are: accounts and regions, found by listing folders.

What comes in: a prefix anywhere in the layout: above `AWSLogs/`, an organisation, an account, a region, a day. What
goes out: the places below it that the run asks about. Only folders are listed, level by level and each level at once;
a folder that may not be listed is a gap, and the others go on.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from tracer.collect.bucket import LIST, Bucket, Withheld, needed
from tracer.collect.lookup import global_regions
from tracer.collect.trail import AWSLOGS, Branch, Location, Place, descend, is_account, is_organization, is_region
from tracer.errors import CollectError
from tracer.model.run import DeployRun

LEVELS_ABOVE: Final = 2
"""How many folders may stand between what was named and AWSLogs/."""

FOLDERS_ABOVE: Final = 50
"""How many folders may stand side by side there: where there are more, AWSLogs/ is not searched for below them."""

FOLDERS_TOLD: Final = 10
"""How many folders an error lists."""


@dataclass(frozen=True, slots=True)
class Step:
    """A folder to list.

    Attributes:
        branch: what the layout says of it; None: it stands above AWSLogs/.
        prefix: the folder.
        levels: how many more folders may stand above AWSLogs/.
    """

    branch: Branch | None
    prefix: str
    levels: int = 0


Below = tuple[Place | Step, ...] | Withheld
"""What a listing shows: places, and folders to list in turn."""

AtOnce = Callable[[Callable[[Step], Below], Iterable[Step]], Iterable[Below]]
"""`map`, or one that works on several at once."""


@dataclass(frozen=True, slots=True)
class Discovered:
    """What was found.

    Attributes:
        places: accounts and regions, in the order of their folders.
        gaps: the folders that may not be listed, and why.
    """

    places: tuple[Place, ...]
    gaps: tuple[str, ...] = ()


def discover(bucket: Bucket, where: Location, run: DeployRun, at_once: AtOnce) -> Discovered:
    """The places at or below `where` that the run asks about.

    Args:
        bucket: the bucket of `where`.
        where: what was named; an account or region that is part of it is asked about, whatever the run says.
        run: its accounts and regions bound the search; the partition's global region belongs to any region.
        at_once: applies a function to several steps.

    Raises:
        CollectError: there is no place, or the bucket may not be listed, or cannot be.
    """
    search = _Search(bucket, run.accounts, {*run.regions, *global_regions().values()} if run.regions else ())
    frontier = list(search.steps_into(where.prefix, LEVELS_ABOVE))
    places: list[Place] = []
    denied: dict[str, Withheld] = {}
    while frontier:
        steps = [step for step in frontier if isinstance(step, Step)]
        places += [place for place in frontier if isinstance(place, Place)]
        frontier = []
        for step, below in zip(steps, at_once(search.below, steps), strict=True):
            if isinstance(below, Withheld):
                denied[step.prefix] = below
            else:
                frontier += below
    if not places:
        raise _nothing(where, denied, bucket)
    gaps = tuple(f"{where.bucket}/{prefix}: {withheld}" for prefix, withheld in sorted(denied.items()))
    return Discovered(tuple(sorted(places, key=lambda place: place.logs)), gaps)


@dataclass(frozen=True, slots=True)
class _Search:
    """The rules of the descent.

    Attributes:
        bucket: what is listed.
        accounts, regions: those that are asked about; none: all.
    """

    bucket: Bucket
    accounts: Collection[str]
    regions: Collection[str]

    def steps_into(self, prefix: str, levels: int = 0) -> Iterator[Place | Step]:
        """What a prefix is, by the layout."""
        known = descend(prefix)
        if isinstance(known, Place):
            yield known
        elif known:
            yield Step(known, known.folder)
        elif levels >= 0:
            yield Step(None, prefix, levels)

    def below(self, step: Step) -> Below:
        """What stands below a folder, of that which is asked about."""
        names = self.bucket.folders(step.prefix)
        if isinstance(names, Withheld):
            return names
        return tuple(
            found
            for name, levels in self._wanted(step, names)
            for found in self.steps_into(f"{step.prefix}{name}/", levels)
        )

    def _wanted(self, step: Step, names: Sequence[str]) -> Iterator[tuple[str, int]]:
        """The folders to go into, and how many levels above AWSLogs/ are left there."""
        if step.branch is None:
            inside = AWSLOGS.rstrip("/") in names
            above = names if len(names) <= FOLDERS_ABOVE else ()
            yield from [(AWSLOGS.rstrip("/"), 0)] if inside else ((name, step.levels - 1) for name in above)
        elif step.branch.account:
            yield from ((name, 0) for name in names if is_region(name) and self._asked(name, self.regions))
        else:
            yield from (
                (name, 0)
                for name in names
                if is_organization(name) or (is_account(name) and self._asked(name, self.accounts))
            )

    @staticmethod
    def _asked(name: str, asked: Collection[str]) -> bool:
        return not asked or name in asked


def _nothing(where: Location, denied: dict[str, Withheld], bucket: Bucket) -> CollectError:
    """The error where no place was found."""
    for withheld in denied.values():
        if withheld.denial:
            return CollectError(str(withheld), needed(LIST, where.bucket))
    names = bucket.folders(where.prefix)
    listed = ", ".join(f"{name}/" for name in names[:FOLDERS_TOLD]) if isinstance(names, tuple) else ""
    there = f"; the folders there: {listed}" if listed else ""
    return CollectError(
        f"{where} holds no trail's log files of the accounts and regions asked for{there}",
        f"name the folder that holds {AWSLOGS}, or one below it; and check --account and --region",
    )
