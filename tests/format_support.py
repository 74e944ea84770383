"""What the tests of the formats share: documents to render, hostile texts, and readers that give the policy back.

Each reader does what the tool does that the text is for: Terraform and its AWS provider, CloudFormation, a browser.
They know nothing of how tracer writes.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any, Final

import hcl2
import yaml
from hypothesis import strategies as st
from strategies import action_patterns, arn_patterns

from tracer.emit.draft import Document, Draft, DraftOptions, Share
from tracer.emit.lines import Line
from tracer.emit.merge import Merged
from tracer.emit.pack import Attach
from tracer.model.finding import Finding
from tracer.model.permission import Section
from tracer.model.policy import Conditions, Policy, Statement
from tracer.model.trace import RunFacts, Trace

USER: Final = "arn:aws:iam::123456789012:user/team/deployer"
ROLE: Final = "arn:aws:iam::123456789012:role/orders-dev-us-east-1-lambdaRole"
RUN: Final = RunFacts(
    principals=(USER,), accounts=("123456789012",), regions=("us-east-1",), service="orders", stage="dev"
)


def document_of(
    *statements: Statement, section: Section = Section.DEPLOYER, principal: str = USER, stem: str = "deployer"
) -> Document:
    """A document of these statements."""
    return Document(section, principal, tuple(map(Line, statements)), stem=stem)


def draft_of(
    document: Document, attach: Attach = Attach.MANAGED, *, run: RunFacts = RUN, findings: tuple[Finding, ...] = ()
) -> Draft:
    """The draft that a document is of."""
    share = Share(document.section, document.principal, Merged(), (document,))
    return Draft((share,), findings, Trace(run=run), options=DraftOptions(attach=attach))


# Hostile texts ------------------------------------------------------------------------------------------------------

_PIECES: Final = (
    "${", "}", "$", "{", "$$", "$${", "%{", "%%{", "&{", "!", "${!", "${aws:username}", "${*}", "${AWS::Region}",
    "${a.b}", '"', "'", "\\", "`", "```", "|", "\\|", "<b>", "&amp;", "#", "# ", ": ", "- ", "\n", "\r", "\t", " ", "*",
    "?", "yes", "null", "~", "2012-10-17", "1e3", "<<", "us-east-1", "123456789012", "aws", ":", "\x00", "\x1b[2J",
    "\x7f", "\x85", "\u2028", "\u202e", "\ufeff", "\ud800", "\U0001f600", "e\u0301", "\u00e9", "\u2126", "a", "b",
)  # fmt: skip
"""What means something to YAML, HCL, Markdown, CloudFormation, a terminal or Unicode."""

hostile_texts = st.lists(st.sampled_from(_PIECES) | st.characters(), min_size=1, max_size=6).map("".join)
"""Texts made of such."""

_arns = st.builds(
    "arn:{}:s3:{}:{}:{}".format,
    st.sampled_from(["aws", "aws-cn", "*"]),
    st.sampled_from(["us-east-1", "eu-west-1", "", "*"]),
    st.sampled_from(["123456789012", "", "*", "aws"]),
    hostile_texts,
)
_resources = _arns | arn_patterns.map(str) | hostile_texts


def _some(texts: st.SearchStrategy[str]) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(texts, min_size=1, max_size=3, unique=True).map(tuple)


_conditions = st.dictionaries(
    st.sampled_from(["StringEquals", "StringLike", "ArnLikeIfExists", "Bool"]),
    st.dictionaries(hostile_texts, st.lists(_resources, min_size=1, max_size=3), min_size=1, max_size=2),
    max_size=2,
).map(Conditions.from_json)


@st.composite
def hostile_statements(draw: st.DrawFn) -> Statement:
    """A statement of any of the four forms, of hostile texts where IAM takes any."""
    return Statement(
        effect=draw(st.sampled_from(["Allow", "Deny"])),
        conditions=draw(_conditions),
        sid=draw(st.none() | st.text("Sid1", min_size=1, max_size=8)),
        **{draw(st.sampled_from(["actions", "not_actions"])): draw(_some(action_patterns.map(str)))},
        **{draw(st.sampled_from(["resources", "not_resources"])): draw(_some(_resources))},
    )


documents = st.lists(hostile_statements(), min_size=1, max_size=3).map(lambda items: document_of(*items))


# CloudFormation -----------------------------------------------------------------------------------------------------

PSEUDO: Final = {"AWS::Partition": "aws", "AWS::Region": "us-east-1", "AWS::AccountId": "123456789012"}


def read_yaml(text: str) -> Any:  # noqa: ANN401
    """What a YAML parser makes of it; the text must be printable ASCII."""
    assert re.fullmatch(r"[ -~\n]*", text)
    return yaml.safe_load(text)


def resolved(value: Any, pseudo: Mapping[str, str] = PSEUDO) -> Any:  # noqa: ANN401
    """`value` with its intrinsic functions worked out, as CloudFormation does."""
    match value:
        case {"Fn::Sub": str(text)}:
            return re.sub(r"\$\{(!?)([^}]*)\}", lambda m: f"${{{m[2]}}}" if m[1] else pseudo[m[2]], text)
        case {"Fn::Join": [str(separator), list(parts)]}:
            assert not any("${" in part for part in parts)
            return separator.join(parts)
        case dict():
            return {key: resolved(item, pseudo) for key, item in value.items()}
        case list():
            return [resolved(item, pseudo) for item in value]
        case _:
            return value


# Terraform ----------------------------------------------------------------------------------------------------------


def read_terraform(text: str) -> tuple[Policy, dict[str, Any]]:
    """The policy that Terraform would make of `text`, and its resource."""
    parsed = hcl2.loads(text)
    ((kind, named),) = parsed["resource"][0].items()
    ((name, resource),) = named.items()
    source = _value(resource["policy"])
    if source == f"${{data.aws_iam_policy_document.{_value(name)}.json}}":
        policy = Policy(tuple(map(_statement, parsed["data"][0]['"aws_iam_policy_document"'][name]["statement"])))
    else:
        policy = Policy.from_json(source)
    texts = {key: _value(item) for key, item in resource.items() if isinstance(item, str)}
    return policy, texts | {"kind": _value(kind), "label": _value(name)}


def _statement(block: Mapping[str, Any]) -> Statement:
    def values(argument: str) -> tuple[str, ...]:
        return tuple(map(_value, block.get(argument, [])))

    conditions: dict[str, dict[str, list[str]]] = {}
    for condition in block.get("condition", []):
        keys = conditions.setdefault(_value(condition["test"]), {})
        keys[_value(condition["variable"])] = [_provider(_value(item)) for item in condition["values"]]
    return Statement(
        effect=_value(block["effect"]),
        sid=_value(block["sid"]) if "sid" in block else None,
        actions=values("actions"),
        not_actions=values("not_actions"),
        resources=tuple(map(_provider, values("resources"))),
        not_resources=tuple(map(_provider, values("not_resources"))),
        conditions=Conditions.from_json(conditions),
    )


def _provider(text: str) -> str:
    """What the AWS provider's data source makes of a text."""
    return text.replace("&{", "${")


_TOKEN: Final = re.compile(r"\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))|(\$\$\{|%%\{)|(.)", re.DOTALL)
_SHORT: Final = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}


def _value(source: str) -> str:
    """The value of a quoted string, which python-hcl2 gives as it is written; what is not quoted stays as it is."""
    if not source.startswith('"'):
        return source
    inner = source[1:-1]
    assert not re.search(r"(?<!\$)\$\{|(?<!%)%\{", inner), f"a template begins in {source}"
    return unicodedata.normalize("NFC", "".join(_values(inner)))


def _values(inner: str) -> Iterator[str]:
    for short_code, long_code, sign, template, plain in _TOKEN.findall(inner):
        if short_code or long_code:
            yield chr(int(short_code or long_code, 16))
        elif sign:
            yield _SHORT[sign]
        else:
            yield template[1:] if template else plain
