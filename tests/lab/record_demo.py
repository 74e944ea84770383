"""Record the REST API's first deploy, redeploy and remove, the same bytes each time: what `make record-demo` runs.

    cd tests && python -m lab.record_demo FOLDER

The account's ids come of a seed, its clock starts at a fixed time, and so does Node's, because the framework names
what it uploads after the time. What the framework asks for at once may be answered in any order: so each record's ids
and time are given anew at the end, in the order of what the records say.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Final

SEED: Final = 20261103
START: Final = datetime(2026, 11, 3, 9, 2, 11, tzinfo=UTC)
CLOCK: Final = Path(__file__).parent / "tools" / "clock.cjs"
