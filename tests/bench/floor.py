"""The floor: every file unpacked, and one search through its bytes. Nothing that reads a log can take less.

python tests/bench/floor.py FOLDER TEXT
"""

from __future__ import annotations

import sys
from pathlib import Path

from isal import isal_zlib

from tracer.collect.inflate import keep_memory


def main(folder: str, text: bytes) -> int:
    """Print how many files hold the text."""
    keep_memory()
    found = 0
    for file in sorted(Path(folder).rglob("*.gz")):
        found += isal_zlib.decompress(file.read_bytes(), 31).find(text) != -1
    sys.stdout.write(f"{found}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2].encode()))
