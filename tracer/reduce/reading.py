"""What a text of a request says of an ARN's variables, be it a name or a whole ARN: `{"FunctionName": "orders"}`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tracer.model.arn import Arn
from tracer.reference.arn_forms import ArnForm


def read_arn(form: ArnForm, arn: Arn) -> Iterator[dict[str, str]]:
    """The values of an ARN that has one of the form's formats, read by the form's own expressions where it has some."""
    for template in form.formats:
        values = template.read(arn)
        if values is not None:
            yield _by_expressions(form, form.variables[-1] if form.variables else "", str(arn)) or values
            return


def read_text(form: ArnForm, variable: str, text: str) -> dict[str, str] | None:
    """The values that a text found under a variable's key gives, or None where it cannot name one."""
    if variable in form.read:
        return _by_expressions(form, variable, text)
    arn = Arn.find(text)
    if arn:
        return next(read_arn(form, arn), None)
    return {variable: text}


def spelled(form: ArnForm, values: dict[str, str]) -> dict[str, str]:
    """Values as ARNs spell them, where a request spells them otherwise."""
    if not form.spelled:
        return values
    return {name: form.spelled.get(name, {}).get(value, value) for name, value in values.items()}


def owner_of(form: ArnForm, values: Mapping[str, str]) -> dict[str, str]:
    """The account of a thing whose name says whose it is (AWS's own parameters and documents have none)."""
    name = values.get(form.variables[-1], "") if form.owners else ""
    return next(({"Account": account} for match, account in form.owners if match.match(name)), {})


def _by_expressions(form: ArnForm, variable: str, text: str) -> dict[str, str] | None:
    for expression in form.read.get(variable, ()):
        match = expression.match(text)
        if match:
            return {name: value for name, value in match.groupdict().items() if value}
    return None
