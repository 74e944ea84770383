"""`Redactor`: what stands in documents that says whose they are, and what stands there instead.

A document is read twice. First all are learned: which accounts, names, addresses and keys there are. Then each gets
another in its place, by its rank among all: no secret is needed, the same documents always give the same, and nothing
can be computed back from what comes out, as it could from a hash of twelve digits.

- An account id becomes another of twelve digits.
- A name is replaced word by word: `acme-payments-dev` is `acme`, `payments` and `dev`, `AcmePaymentsTable` as well, and
  what AWS or the Serverless Framework defines (`tracer.redact.vocabulary`) stays. So names that were made of each other
  still are, which is what tracer, and CloudFormation, go by. A word keeps its length and its upper and lower case.
- What looks generated, with digits among its letters, is replaced in its own form: digits by digits, hexadecimal by
  hexadecimal. The key ids and principal ids of IAM keep their first four letters.
- A public address becomes one of those that are reserved for documentation, or for benchmarks where they run out.

What stays: UUIDs, times, numbers, whatever is shorter than three letters, the policies and service-linked roles that
AWS manages, private addresses; in a record the fields that AWS alone fills; keys of parameters, but for those of tags,
variables and the like. A document all of whose accounts are those of AWS's own examples is an example already: it
passes as it is.
"""

from __future__ import annotations

import ipaddress
import itertools
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import dataclass, field
from typing import Any, Final

from tracer.redact.vocabulary import SHORTEST, hosts, parts, vocabulary
from tracer.reference import overrides, table

EXAMPLE_ACCOUNTS: Final = frozenset(
    {
        "123456789012",
        "111122223333",
        "444455556666",
        "777788889999",
        "012345678901",
        *(digit * 12 for digit in "0123456789"),
    }
)
"""The accounts of AWS's documentation, and twelve times one digit, which is nobody's."""

_FIRST_ACCOUNT: Final = 100000000001

_DOCUMENTATION: Final = tuple(map(ipaddress.ip_network, ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24")))
_BENCHMARKS: Final = ipaddress.ip_network("198.18.0.0/15")
_DOCUMENTATION_6: Final = ipaddress.ip_network("2001:db8::/32")
"""RFC 5737, RFC 2544 and RFC 3849."""

_RECORD: Final = frozenset(
    {
        "apiVersion", "awsRegion", "errorCode", "eventCategory", "eventID", "eventName", "eventSource", "eventTime",
        "eventType", "eventVersion", "requestID", "sharedEventID", "tlsDetails", "userIdentity.invokedBy",
        "userIdentity.sessionContext.attributes", "userIdentity.sessionContext.sessionIssuer.type", "userIdentity.type",
        "resources.type",
    }
)  # fmt: skip
"""The fields of a record that AWS alone fills:
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html."""
_TRACE: Final = frozenset(
    {
        "denied.action", "denied.cause", "denied.error", "denied.events", "denied.first", "denied.last",
        "denied.read_from", "findings.code", "findings.event_name", "findings.event_source", "findings.events",
        "findings.severity", "permissions.action", "permissions.basis", "permissions.events", "permissions.first",
        "permissions.last", "permissions.rule", "permissions.section", "permissions.via", "permissions.widened.part",
        "permissions.widened.rule", "run.partition", "run.regions", "run.since", "run.until",
    }
)  # fmt: skip
"""The fields of a trace that tracer alone fills."""
_POLICY: Final = frozenset({"Statement.Action", "Statement.Effect", "Statement.NotAction", "Version"})
_PROSE: Final = frozenset({"findings.message"})
"""What tracer itself says: the names in it are replaced where they stand elsewhere, and no other word is."""

_FREE_KEYS: Final = re.compile(
    r"tags?|tagset|tagging|labels?|variables|environment|parameters|metadata|stagevariables", re.IGNORECASE
)
_PLAIN_KEY: Final = re.compile(r"[A-Za-z]\w*", re.ASCII)

_TOKEN: Final = re.compile(
    r"""
      (?P<stays>
          [0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}              # a UUID
        | arn:aws[a-z-]*:iam::aws:[\w+=,.@/-]+                              # a policy that AWS manages
        | AWSServiceRoleFor\w* | AWSReservedSSO(?=_)
        | AWS::\w+::\w+                                                    # a type of CloudFormation
        | \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z? | \d{8}T\d{6}Z         # a time
        | %[0-9A-Fa-f]{2} | \\u[0-9A-Fa-f]{4} | \\[bfnrt"\\/]               # an escaped sign
      )
    | (?P<address>
          (?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w.])
        | (?<![\w:.-])[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}(?![\w:])
      )
    | (?P<host> (?<![\w.-])[a-z0-9-]+(?=\.amazonaws\.com) )
    | (?P<action> (?<![\w:-])[a-z0-9-]+:[A-Z][A-Za-z0-9]+ )
    | (?P<word> [^\W_]+ )
    """,
    re.VERBOSE,
)
_SERVICE: Final = re.compile(r"\barn:aws[a-z-]*:([a-z0-9-]+):")
_ACCOUNT: Final = re.compile(r"\d{12}")
_IAM_ID: Final = re.compile(r"(?P<prefix>A[A-Z]{2}A)(?P<rest>[A-Z0-9]{12,})")
"""https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-prefixes."""
_EXAMPLE_ID: Final = "EXAMPLE"
_RUN: Final = re.compile(r"[^\W_]+")
_GROUPS: Final = re.compile(r"\d+|[^\W\d_]+")

_CONSONANTS: Final = "bcdfghjklmnpqrstvwxz"
_VOWELS: Final = "aeiou"
_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz"
_DIGITS: Final = "0123456789"


@dataclass(slots=True)
class _Known:
    """What was learned of one kind: what is replaced, and once all is known, by what."""

    found: set[str] = field(default_factory=set)
    instead: dict[str, str] = field(default_factory=dict)


class Redactor:
    """Learns documents, then redacts them."""

    def __init__(self) -> None:
        self._seen: set[str] = set()
        self._services: set[str] = set()
        self._addresses = _Known()
        self._accounts = _Known()
        self._words = _Known()
        self._ids = _Known()
        self._stays: frozenset[str] = frozenset()

    def learn(self, document: Mapping[str, Any]) -> None:
        """Take in what a record, a trace or a policy names; all are learned before the first is redacted."""
        if not is_example(document):
            self._services.update(_services(document))
            _walk(document, *_fields(document), self._take, lambda text: text)

    def settle(self) -> None:
        """All are learned: what stands for what is decided now."""
        self._stays = vocabulary(frozenset(self._services))
        for word in self._seen:
            for kind, piece in self._pieces(word):
                self._take_piece(kind, piece)
        _rank(self._accounts, lambda rank, _: str(_FIRST_ACCOUNT + rank))
        _rank(self._addresses, _address)
        taken = self._stays | self._words.found
        for known, spell in ((self._words, _word), (self._ids, _id)):
            _assign(known, spell, taken)

    def redacted(self, document: Mapping[str, Any]) -> Mapping[str, Any]:
        """The document about somebody else; itself where it is an example."""
        if is_example(document):
            return document
        mapped: Mapping[str, Any] = _walk(document, *_fields(document), self.text, self.text)
        return mapped

    def text(self, text: str) -> str:
        """A text with what was learned replaced in it: the name of a file, for one."""
        return _TOKEN.sub(self._replaced, text)

    def _take(self, text: str) -> str:
        for token in _TOKEN.finditer(text):
            if _is_public(token["address"]):
                self._addresses.found.add(token[0])
            self._seen.update(_runs(token))
        return text

    def _take_piece(self, kind: str, piece: str) -> None:
        if kind == "account":
            self._accounts.found.add(piece)
        elif kind == "id":
            self._ids.found.add(piece)
        elif kind == "word":
            self._words.found.add(piece.lower())

    def _replaced(self, token: re.Match[str]) -> str:
        if token[0] in self._addresses.instead:
            return self._addresses.instead[token[0]]
        return _RUN.sub(self._instead_of_run, token[0]) if _runs(token) else token[0]

    def _instead_of_run(self, run: re.Match[str]) -> str:
        return "".join(self._instead_of(kind, piece) for kind, piece in self._pieces(run[0]))

    def _instead_of(self, kind: str, piece: str) -> str:
        match kind:
            case "account":
                return self._accounts.instead.get(piece, piece)
            case "id":
                return self._ids.instead.get(piece, piece)
            case "word":
                return _cased(self._words.instead.get(piece.lower(), piece), piece)
            case _:
                return piece

    def _pieces(self, run: str) -> Iterator[tuple[str, str]]:
        """A run of letters and digits as what it is made of: `account`, `id` and `word`, which are replaced, and ``."""
        iam = _IAM_ID.fullmatch(run)
        if iam:
            yield "", iam["prefix"]
            yield "" if run.endswith(_EXAMPLE_ID) else "id", iam["rest"]
        elif run.lower() in self._stays:
            yield "", run
        elif _looks_generated(run):
            yield "id", run
        else:
            for group in _GROUPS.findall(run):
                yield from self._words_of(group)

    def _words_of(self, group: str) -> Iterator[tuple[str, str]]:
        if _ACCOUNT.fullmatch(group):
            yield "" if group in EXAMPLE_ACCOUNTS else "account", group
            return
        if group.isdigit() or group.lower() in self._stays:
            yield "", group
            return
        for part in parts(group):
            stays = len(part) < SHORTEST or part.lower() in self._stays
            yield "" if stays else "word", part


def is_example(document: Mapping[str, Any]) -> bool:
    """Whether a document is one of documentation: it names accounts, those of examples alone, and no public address."""
    texts = tuple(_texts(document))
    accounts = {account for text in texts for account in _accounts(text)}
    addresses = (token["address"] for text in texts for token in _TOKEN.finditer(text))
    return bool(accounts) and accounts <= EXAMPLE_ACCOUNTS and not any(map(_is_public, addresses))


def _accounts(text: str) -> Iterator[str]:
    for token in _TOKEN.finditer(text):
        for run in _runs(token):
            if not _looks_generated(run):
                yield from filter(_ACCOUNT.fullmatch, _GROUPS.findall(run))


def _services(document: Mapping[str, Any]) -> Iterator[str]:
    """The IAM prefixes that a document is about."""
    for source in (document.get("eventSource"), *(item.get("event_source") for item in document.get("findings", ()))):
        if isinstance(source, str):
            yield from overrides.prefixes(source.removesuffix(".cn").removesuffix(".amazonaws.com"))
    for text in _texts(document):
        yield from _SERVICE.findall(text)
        yield from (token["action"].partition(":")[0] for token in _TOKEN.finditer(text) if _is_action(token["action"]))


def _is_action(text: str | None) -> bool:
    prefix, _, name = (text or "").partition(":")
    return bool(text) and table.lookup(prefix, name) is not None


def _runs(token: re.Match[str]) -> list[str]:
    """The runs of letters and digits in a token that may be somebody's."""
    address, host, action = token["address"], token["host"], token["action"]
    if token["stays"] or _is_address(address) or (host and host in hosts()) or _is_action(action):
        return []
    return _RUN.findall(token[0])


def _looks_generated(word: str) -> bool:
    """Whether digits stand among the letters of a word as only a machine puts them."""
    groups = _GROUPS.findall(word)
    if len(groups) < 2:
        return False
    if re.fullmatch(r"[0-9a-f]{6,}|[0-9A-F]{6,}", word):
        return True
    return len(groups) > 3 or (len(word) >= 10 and word.upper() == word)


def _rank(known: _Known, spell: Callable[[int, str], str]) -> None:
    known.instead = {text: spell(rank, text) for rank, text in enumerate(sorted(known.found))}


def _assign(known: _Known, spell: Callable[[int, str], str], taken: Set[str]) -> None:
    """The first free spelling for each, in the order of their ranks, form by form."""
    ranks: defaultdict[str, itertools.count[int]] = defaultdict(itertools.count)
    used: set[str] = set()
    for text in sorted(known.found):
        form = spell(0, text)
        tries = (spell(next(ranks[form]), text) for _ in range(len(taken) + len(used) + 1))
        known.instead[text] = next(found for found in tries if found not in taken and found not in used)
        used.add(known.instead[text])


def _address(rank: int, address: str) -> str:
    if ":" in address:
        return str(_DOCUMENTATION_6[rank + 1])
    hosts = [network.num_addresses - 2 for network in _DOCUMENTATION]
    for network, size in zip(_DOCUMENTATION, hosts, strict=True):
        if rank < size:
            return str(network[rank + 1])
        rank -= size
    return str(_BENCHMARKS[rank % _BENCHMARKS.num_addresses])


def _word(rank: int, word: str) -> str:
    """A word that can be spoken, in as many letters: short ones need all letters to go round."""
    if len(word) <= SHORTEST + 1:
        return _spelled(rank, [_LETTERS] * len(word))
    return _spelled(rank, [_VOWELS if place % 2 else _CONSONANTS for place in range(len(word))])


def _id(rank: int, word: str) -> str:
    """An id of the same form."""
    letters = _LETTERS[:6] if re.fullmatch(r"[0-9a-fA-F]+", word) else _LETTERS
    signs = [_DIGITS if sign.isdigit() else letters.upper() if sign.isupper() else letters for sign in word]
    return _spelled(rank, signs)


def _spelled(rank: int, signs: list[str]) -> str:
    """The rank as a number whose places have these signs."""
    spelled = []
    for place in reversed(signs):
        rank, sign = divmod(rank, len(place))
        spelled.append(place[sign])
    return "".join(reversed(spelled))


def _cased(word: str, like: str) -> str:
    """A word in upper and lower case like another of its length."""
    return "".join(sign.upper() if old.isupper() else sign for sign, old in zip(word, like, strict=True))


def _is_address(text: str | None) -> bool:
    return _parsed(text) is not None


def _is_public(text: str | None) -> bool:
    """Whether it is an address, and somebody's."""
    address, reserved = _parsed(text), (*_DOCUMENTATION, _BENCHMARKS, _DOCUMENTATION_6)
    return address is not None and address.is_global and not any(address in network for network in reserved)


def _parsed(text: str | None) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text) if text else None
    except ValueError:
        return None


def _fields(document: Mapping[str, Any]) -> tuple[frozenset[str], frozenset[str]]:
    """The fields that stay, and those that are prose."""
    if "permissions" in document:
        return _TRACE, _PROSE
    return (_POLICY if "Statement" in document else _RECORD), frozenset()


def _walk(
    value: Any,  # noqa: ANN401 - JSON
    stays: frozenset[str],
    prose: frozenset[str],
    name: Callable[[str], str],
    told: Callable[[str], str],
    path: str = "",
    *,
    free: bool = False,
) -> Any:  # noqa: ANN401 - JSON
    """The value with its texts replaced by `name`, those of prose by `told`; keys as well where people choose them."""
    if isinstance(value, str):
        return value if path in stays else told(value) if path in prose else name(value)
    if isinstance(value, list):
        return [_walk(item, stays, prose, name, told, path, free=free) for item in value]
    if isinstance(value, Mapping):
        return {
            _key(key, name, free=free): _walk(
                item, stays, prose, name, told, f"{path}.{key}" if path else key, free=bool(_FREE_KEYS.fullmatch(key))
            )
            for key, item in value.items()
        }
    return value


def _key(key: str, name: Callable[[str], str], *, free: bool) -> str:
    """A key: a parameter's name stays, a condition's as far as it is AWS's (`aws:ResourceTag/team`)."""
    if _PLAIN_KEY.fullmatch(key) and not free:
        return key
    head, slash, tail = key.partition("/")
    return head + slash + name(tail) if ":" in head and not free else name(key)


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield key
            yield from _texts(item)
