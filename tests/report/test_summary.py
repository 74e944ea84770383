import dataclasses

import pytest

from tracer.model.action import Action
from tracer.model.arn import ArnPattern
from tracer.model.finding import SEVERITIES, Finding, Severity
from tracer.model.permission import Evidence, Permission, Section, UsedPermission
from tracer.model.trace import Accounting, Denial
from tracer.report.plain import plain
from tracer.report.summary import Part, accounted, findings, not_written, summary

DEPLOYER = "arn:aws:iam::123456789012:user/deployer"


def used(action: str, resource: str = "*", via: str | None = None) -> UsedPermission:
    permission = Permission(Section.DEPLOYER, DEPLOYER, Action(action), ArnPattern(resource), via=via)
    return UsedPermission(permission, Evidence())


def test_a_summary_from_end_to_end():
    text = plain(
        summary(
            Accounting(other_principal=1200, duplicate=3, denied=1, used=2304),
            [
                Denial(
                    DEPLOYER,
                    "ecr:DescribeRepositories",
                    "arn:aws:ecr:us-east-1:123456789012:repository/x",
                    "AccessDenied",
                    "identity-based",
                    "message",
                    Evidence(2),
                )
            ],
            [
                Part(
                    Section.DEPLOYER,
                    DEPLOYER,
                    already=(used("s3:CreateBucket"), used("s3:CreateBucket", via="cloudformation.amazonaws.com")),
                    added=(
                        used("s3:PutBucketPolicy"),
                        used("dynamodb:CreateTable"),
                        used("dynamodb:CreateTable", "arn:x"),
                    ),
                    baseline="serverless-advanced",
                    files=(("out/deployer.json", "3,214 of 6,144 characters"),),
                ),
                Part(Section.FUNCTION, "arn:aws:iam::123456789012:role/f", added=(used("logs:PutLogEvents"),)),
            ],
            [Finding("UNKNOWN_ACTION", "nobody knows kettle:MakeTea")],
            ["out/trace.json"],
        )
    )
    assert text == (
        "Calls\n"
        "  3,508 records read: 2,304 used, 1 denied\n"
        "  Left out: 1,200 of other principals, 3 duplicates\n"
        "\n"
        "Denied (--include-denied adds what these calls needed)\n"
        "  - ecr:DescribeRepositories on arn:aws:ecr:us-east-1:123456789012:repository/x,\n"
        "    2 times, for want of an allowing identity-based policy\n"
        "\n"
        "deployer: arn:aws:iam::123456789012:user/deployer\n"
        "  service                       permissions  in the baseline            added\n"
        "  dynamodb                                2                0                2\n"
        "  s3                                      2                1                1\n"
        "  all                                     4                1                3\n"
        "\n"
        "  Added to serverless-advanced:\n"
        "    dynamodb  CreateTable\n"
        "    s3        PutBucketPolicy\n"
        "\n"
        "function: arn:aws:iam::123456789012:role/f\n"
        "  service                       permissions\n"
        "  logs                                    1\n"
        "  all                                     1\n"
        "\n"
        "Findings\n"
        "  warning: UNKNOWN_ACTION\n"
        "    - nobody knows kettle:MakeTea\n"
        "\n"
        "Written\n"
        "  out/deployer.json  3,214 of 6,144 characters\n"
        "  out/trace.json\n"
    )


@pytest.mark.parametrize("name", [field.name for field in dataclasses.fields(Accounting)])
def test_every_bin_is_told(name: str):
    assert "7 " in plain(accounted(Accounting(**{name: 7}))).replace("7 records read", "")


def test_an_empty_log():
    assert plain(accounted(Accounting())) == "0 records read: none of the run\n"


def test_the_gravest_findings_come_first():
    text = plain(findings(Finding(code, "look") for code in sorted(SEVERITIES)))
    told = [line.split(":")[0].strip() for line in text.splitlines() if ": " in line]
    assert told == sorted(told, key=list(Severity).index)
    assert len(told) == len(SEVERITIES)


def test_findings_can_be_those_that_somebody_must_look_at():
    items = [Finding(code, "look") for code in ("BLOCKED_BY_DENY", "UNKNOWN_ACTION", "COVERAGE_GAP")]
    assert "COVERAGE_GAP" in plain(findings(items))
    assert "COVERAGE_GAP" not in plain(findings(items, least=Severity.WARNING))
    assert "UNKNOWN_ACTION" not in plain(findings(items, least=Severity.ERROR))
    assert plain(findings(items[2:], least=Severity.WARNING)) == ""


def test_many_findings_of_one_code_are_counted():
    text = plain(findings(Finding("UNKNOWN_ACTION", f"number {number}") for number in range(12)))
    assert text == (
        "Findings\n  warning: UNKNOWN_ACTION (12)\n    - number 0\n    - number 1\n    - number 2\n    - and 9 more\n"
    )


def test_it_fits_eighty_columns():
    actions = tuple(used(f"ec2:DescribeSomethingOrOther{number}", "arn:" + "x" * 200) for number in range(40))
    part = Part(Section.DEPLOYER, DEPLOYER, already=actions[:9], added=actions[9:], baseline="b")
    text = plain(summary(Accounting(*[10**9] * 10), [], [part], [Finding("COVERAGE_GAP", "a few words " * 30)], []))
    assert max(map(len, text.splitlines())) <= 80


def test_a_message_without_end_is_cut_and_its_length_told():
    text = plain(findings([Finding("UNKNOWN_ACTION", "x" * 1_000_000)]))
    assert len(text) < 2_500
    assert "(1,000,000 characters)" in text


def test_a_denied_resource_without_end_is_cut():
    denial = Denial("arn", "s3:GetObject", "arn:aws:s3:::b/" + "k" * 1_000_000, "AccessDenied", "x" * 9999, "message")
    assert len(plain(summary(Accounting(denied=1), [denial], [], [], []))) < 2_500


def test_what_a_log_holds_is_printable():
    part = Part(Section.OTHER, "arn:aws:iam::1:user/\x1b[2J", added=(used("s3:GetObject"),), files=(("\x07", "1"),))
    text = plain(summary(Accounting(), [], [part], [Finding("UNKNOWN_ACTION", "one\x1b[31m\ntwo")], ["\u202e"]))
    assert text.isprintable() or all(line.isprintable() for line in text.splitlines())


def test_what_was_not_written():
    assert plain(not_written([])) == ""
    assert plain(not_written(["a.json", "b.json"])).endswith("\n  a.json\n  b.json\n")
