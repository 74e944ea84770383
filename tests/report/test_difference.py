from dataclasses import dataclass, field

from tracer.model.policy import Conditions
from tracer.report.difference import Compared, difference
from tracer.report.plain import plain


@dataclass(frozen=True)
class Change:
    action: str
    resource: str
    actions: tuple[str, ...]
    conditions: Conditions = field(default_factory=Conditions)
    denied: bool = False
    apart: tuple[str, ...] = ()


PUT = Change("s3:PutObject", "arn:aws:s3:::a", ("s3:PutObject",))
PASSED = Change(
    "iam:PassRole", "*", ("iam:PassRole",), Conditions.of("StringEquals", "iam:PassedToService", "a", "b"), denied=True
)
MANY = Change("s3:*", "*", tuple(f"s3:Get{number}" for number in range(10)), apart=("arn:aws:s3:::b",))


def test_gains_and_losses():
    assert plain(difference([Compared("", [PUT, PASSED], [MANY, PASSED])])) == (
        "Gained: 2 grants\n"
        "  s3:PutObject on arn:aws:s3:::a\n"
        "  iam:PassRole on *\n"
        "      only if StringEquals iam:PassedToService = a or b\n"
        "      allowed before as well, but a Deny took it away, or may have\n"
        "Lost: 2 grants\n"
        "  s3:* on *\n"
        "      but not arn:aws:s3:::b\n"
        "      s3:Get0, s3:Get1, s3:Get2, s3:Get3, s3:Get4, s3:Get5, s3:Get6, s3:Get7 and\n"
        "      2 more\n"
        "  iam:PassRole on *\n"
        "      only if StringEquals iam:PassedToService = a or b\n"
        "      still allowed, but a Deny takes it away, or may\n"
    )


def test_several_principals_are_told_apart():
    assert plain(difference([Compared("a", [], []), Compared("b", [PUT], [])])) == (
        "a\n"
        "Nothing gained and nothing lost: both allow the same.\n"
        "\n"
        "b\n"
        "Gained: 1 grant\n"
        "  s3:PutObject on arn:aws:s3:::a\n"
        "Lost: 0 grants\n"
    )


def test_what_a_policy_holds_is_printable():
    text = plain(
        difference([Compared("", [Change("s3:PutObject", "a\x1b[2J", ("s3:PutObject",), apart=("\u202e",))], [])])
    )
    assert "\\x1b[2J" in text
    assert "\\u202e" in text
