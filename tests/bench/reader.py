"""The reader alone: a role's records searched out of a folder. Prints how many."""

from __future__ import annotations

import sys

import corpus

from tracer.collect.files import FileSource
from tracer.model.run import DeployRun
from tracer.model.search import Wanted

if __name__ == "__main__":
    search = FileSource([sys.argv[1]]).search(DeployRun())
    account, name = corpus.APPLICATION.split(":")[4], corpus.APPLICATION.rpartition("/")[2]
    wanted = Wanted(frozenset({(name.encode(), account.encode())}))
    sys.stdout.write(f"{sum(1 for _ in search.look(wanted)) if search else 0}\n")
