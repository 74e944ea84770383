from tracer.model.finding import Finding
from tracer.report.next_steps import next_steps
from tracer.report.plain import plain

CREATE = ("aws iam create-policy --policy-name orders", "--policy-document file://deployer.json")


def test_the_lines_of_a_command_are_joined_for_the_shell():
    assert plain(next_steps([CREATE, ("terraform plan",)], [])) == (
        "Next\n"
        "  aws iam create-policy --policy-name orders \\\n"
        "      --policy-document file://deployer.json\n"
        "  terraform plan\n"
    )


def test_findings_are_to_be_looked_at_first():
    items = [Finding("UNKNOWN_ACTION", ""), Finding("COVERAGE_GAP", "")]
    text = plain(next_steps([CREATE], items))
    assert "Look at the 1 finding of severity error or warning first. Then:\n  aws iam create-policy" in text
    assert "Look at" not in plain(next_steps([CREATE], items[1:]))


def test_without_a_document_there_is_nothing_to_create():
    assert "no permission to grant" in plain(next_steps([], []))


def test_what_a_path_holds_is_printable():
    assert "\\x1b[2J" in plain(next_steps([("read \x1b[2J",)], []))
