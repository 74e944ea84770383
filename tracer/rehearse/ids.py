"""Event ids, request ids and key ids: random, and the same again from the same seed: a run can be recorded anew."""

from __future__ import annotations

import random
import string
import threading
import uuid
from dataclasses import dataclass, field
from typing import Final

_KEY_LETTERS: Final = string.ascii_uppercase + string.digits


@dataclass(slots=True)
class Ids:
    """A source of ids. None as its seed: others each time."""

    seed: int | None = None
    _random: random.Random = field(init=False)
    _lock: threading.Lock = field(init=False, default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)  # noqa: S311  # ids, not secrets

    def uuid(self) -> str:
        """As of an event or a request."""
        with self._lock:
            return str(uuid.UUID(int=self._random.getrandbits(128), version=4))

    def temporary_key(self) -> str:
        """The id of a session's key: `ASIA` and 16 letters."""
        return "ASIA" + self.letters(16)

    def letters(self, count: int) -> str:
        """Upper-case letters and digits."""
        with self._lock:
            return "".join(self._random.choices(_KEY_LETTERS, k=count))
