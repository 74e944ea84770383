r"""`quoted`: any text as a string literal that YAML and HCL read back alike.

Both know the same escapes for the same signs: `\"`, `\\`, `\n`, `\r`, `\t`, `\uXXXX` and `\UXXXXXXXX`
(https://yaml.org/spec/1.2.2/#57-escaped-characters,
https://developer.hashicorp.com/terraform/language/expressions/strings#escape-sequences). All that is not printable
ASCII is written as an escape: what is read back does not depend on line breaks, encodings or Unicode's normal forms,
and no sign that a terminal or an editor might obey stands in a file.
"""

from __future__ import annotations

import re
from typing import Final

_UNPLAIN: Final = re.compile(r'[^ -~]|["\\]')
_SHORT: Final = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def quoted(text: str) -> str:
    """`text` between double quotes, in printable ASCII alone."""
    return '"' + _UNPLAIN.sub(_escape, text) + '"'


def _escape(match: re.Match[str]) -> str:
    sign = match.group()
    code = ord(sign)
    return _SHORT.get(sign) or (f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}")
