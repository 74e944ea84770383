"""`json_text`: JSON as tracer writes it, readable and always encodable.

Letters beyond ASCII stay as they are. Half a surrogate pair, which a JSON escape in a log can spell and UTF-8 cannot,
is written as the escape that it came as.
"""

from __future__ import annotations

import json


def json_text(value: object, *, indent: int | None = None) -> str:
    """`value` as JSON, without a final newline; without `indent`, also without any white space between the tokens."""
    separators = (",", ":") if indent is None else (",", ": ")
    text = json.dumps(value, indent=indent, separators=separators, ensure_ascii=False)
    # A surrogate can only stand inside a JSON string, where Python's escape for it is JSON's escape, too.
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
