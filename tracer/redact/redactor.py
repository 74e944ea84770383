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

import functools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from tracer.redact import spelling
from tracer.redact.documents import texts, walk
from tracer.redact.spelling import cased, is_address, is_public
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
_NAMED: Final = re.compile(r"[/@_\d]|[:.](?=\w)")
"""What a chunk of prose has that is more than a word."""
_SERVICE: Final = re.compile(r"\barn:aws[a-z-]*:([a-z0-9-]+):")
_ACCOUNT: Final = re.compile(r"\d{12}")

_REMEMBERED: Final = 65_536
"""How many texts are: records repeat themselves."""

ACCOUNT, ID, WORD = "account", "id", "word"
"""What is replaced, by its kind."""

_IAM_ID: Final = re.compile(r"(?P<prefix>A[A-Z]{2}A)(?P<rest>[A-Z0-9]{12,})")
"""https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-prefixes."""
_EXAMPLE_ID: Final = "EXAMPLE"
_RUN: Final = re.compile(r"[^\W_]+")
_GROUPS: Final = re.compile(r"\d+|[^\W\d_]+")


class Redactor:
    """Learns documents, then redacts them."""

    def __init__(self) -> None:
        self._seen: set[str] = set()
        self._services: set[str] = set()
        self._public: set[str] = set()
        self._stays: frozenset[str] = frozenset()
        self._addresses: Mapping[str, str] = {}
        self._changed = functools.lru_cache(maxsize=_REMEMBERED)(lambda text: _TOKEN.sub(self._replaced, text))
        self._instead: Mapping[str, Mapping[str, str]] = {}

    def learn(self, document: Mapping[str, Any]) -> None:
        """Take in what a record, a trace or a policy names; all are learned before the first is redacted."""
        if not is_example(document):
            self._services.update(_services(document))
            walk(document, self._take, self._take_named)

    def learn_text(self, text: str) -> None:
        """Take in what stands beside the documents: a file's name."""
        self._take(text)

    def settle(self) -> None:
        """All are learned: what stands for what is decided now."""
        self._stays = vocabulary(frozenset(self._services))
        found: dict[str, set[str]] = {ACCOUNT: set(), ID: set(), WORD: set()}
        for run in self._seen:
            for kind, piece in self._pieces(run):
                if kind:
                    found[kind].add(piece.lower() if kind == WORD else piece)
        self._addresses = spelling.addresses(self._public)
        self._instead = {
            ACCOUNT: spelling.accounts(found[ACCOUNT]),
            ID: spelling.ids(found[ID], self._stays),
            WORD: spelling.words(found[WORD], self._stays),
        }

    def redacted(self, document: Mapping[str, Any]) -> Mapping[str, Any]:
        """The document about somebody else; itself where it is an example."""
        return document if is_example(document) else walk(document, self.text, self.text)

    def text(self, text: str) -> str:
        """A text with what was learned replaced in it."""
        return self._changed(text)

    def _take(self, text: str) -> str:
        held = _held(text)
        self._public.update(held.public)
        self._seen.update(held.runs)
        return text

    def _take_named(self, text: str) -> str:
        """Of prose, what is more than a word is taken: an ARN, a path, an address."""
        for chunk in filter(_NAMED.search, text.split()):
            self._take(chunk)
        return text

    def _replaced(self, token: re.Match[str]) -> str:
        if token[0] in self._addresses:
            return self._addresses[token[0]]
        return _RUN.sub(self._instead_of, token[0]) if _runs(token) else token[0]

    def _instead_of(self, run: re.Match[str]) -> str:
        return "".join(self._other(kind, piece) for kind, piece in self._pieces(run[0]))

    def _other(self, kind: str, piece: str) -> str:
        if kind == WORD:
            return cased(self._instead[WORD].get(piece.lower(), piece), piece)
        return self._instead[kind].get(piece, piece) if kind else piece

    def _pieces(self, run: str) -> Iterator[tuple[str, str]]:
        """What a run of letters and digits is made of, each with its kind; what has none stays."""
        iam = _IAM_ID.fullmatch(run)
        if iam:
            yield "", iam["prefix"]
            yield "" if run.endswith(_EXAMPLE_ID) else ID, iam["rest"]
        elif run.lower() in self._stays:
            yield "", run
        elif _looks_generated(run):
            yield ID, run
        else:
            for group in _GROUPS.findall(run):
                yield from self._words_of(group)

    def _words_of(self, group: str) -> Iterator[tuple[str, str]]:
        if _ACCOUNT.fullmatch(group):
            yield "" if group in EXAMPLE_ACCOUNTS else ACCOUNT, group
            return
        if group.isdigit() or group.lower() in self._stays:
            yield "", group
            return
        for part in parts(group):
            stays = len(part) < SHORTEST or part.lower() in self._stays
            yield "" if stays else WORD, part


def is_example(document: Mapping[str, Any]) -> bool:
    """Whether a document is one of documentation: it names accounts, those of examples alone, and no public address."""
    found = [_held(text) for text in texts(document)]
    accounts = {account for held in found for account in held.accounts}
    return bool(accounts) and accounts <= EXAMPLE_ACCOUNTS and not any(held.public for held in found)


@dataclass(frozen=True, slots=True)
class _Held:
    """What a text holds: account ids, public addresses, and the runs of letters and digits that may be somebody's."""

    accounts: tuple[str, ...]
    public: tuple[str, ...]
    runs: tuple[str, ...]


@functools.lru_cache(maxsize=_REMEMBERED)
def _held(text: str) -> _Held:
    tokens = list(_TOKEN.finditer(text))
    runs = tuple(run for token in tokens for run in _runs(token))
    accounts = (group for run in runs if not _looks_generated(run) for group in _GROUPS.findall(run))
    public = tuple(token[0] for token in tokens if is_public(token["address"]))
    return _Held(tuple(filter(_ACCOUNT.fullmatch, accounts)), public, runs)


def _services(document: Mapping[str, Any]) -> Iterator[str]:
    """The IAM prefixes that a document is about: those of its event source, its ARNs and its actions."""
    source = document.get("eventSource")
    if isinstance(source, str):
        yield from overrides.prefixes(source.removesuffix(".cn").removesuffix(".amazonaws.com"))
    for text in texts(document):
        yield from _services_in(text)


@functools.lru_cache(maxsize=_REMEMBERED)
def _services_in(text: str) -> tuple[str, ...]:
    actions = (token["action"] for token in _TOKEN.finditer(text))
    return (*_SERVICE.findall(text), *(action.partition(":")[0] for action in actions if _is_action(action)))


def _is_action(text: str | None) -> bool:
    prefix, _, name = (text or "").partition(":")
    return bool(text) and table.lookup(prefix, name) is not None


def _runs(token: re.Match[str]) -> list[str]:
    """The runs of letters and digits in a token that may be somebody's."""
    address, host, action = token["address"], token["host"], token["action"]
    if token["stays"] or is_address(address) or (host and host in hosts()) or _is_action(action):
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
