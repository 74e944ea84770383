"""What the calls of one event are read for, worked out once: an action's facts in, a `TypePlan` a resource type out.

Which keys of a request may name a resource, and whether a call of this name makes one, is the same for all calls of an
event, and takes longer to find out than to read one of them. So it is kept: the facts of a type's ARNs
(`tracer.reference.arn_forms`) and the general rule of keys (`tracer.reduce.keys`) become a plan, which
`tracer.reduce.resources` follows record by record.
"""

from __future__ import annotations

import functools
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from typing import Final

from tracer.reduce.keys import keys_of_variable, subject_keys
from tracer.reduce.request import normal
from tracer.reference import arn_forms, overrides
from tracer.reference.arn_forms import ArnForm
from tracer.reference.table import ActionFact
from tracer.reference.templates import ArnTemplate

_MAKING: Final = ("Allocate", "Copy", "Create", "Import", "Launch", "Purchase", "Register", "Request", "Run")
"""How the names of calls begin that make something; AWS checks them before its id exists."""

_STARTING: Final = "Start"
"""How the names of calls begin that start an execution, whose id their response alone has."""


@dataclass(frozen=True, slots=True)
class VariablePlan:
    """Where the value of a variable stands, in the order to look.

    Attributes:
        name: the variable.
        paths: where its form says that it stands; then it is looked for nowhere else.
        keys: the keys that may hold it, at any depth.
        subject: the keys that may hold it at the top of the request.
        names: all these keys, in both numbers.
    """

    name: str
    paths: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    subject: tuple[str, ...] = ()
    names: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        names = (*self.keys, *self.subject)
        object.__setattr__(self, "names", frozenset(names).union(f"{name}s" for name in names))

    def may_stand_in(self, keys: Collection[str]) -> bool:
        """Whether a request with these keys may hold it."""
        return bool(self.paths) or not self.names.isdisjoint(keys)


@dataclass(frozen=True, slots=True, eq=False)
class TypePlan:
    """How the resources of one type are read from the calls of one event.

    Attributes:
        form: how ARNs of the type are read and written.
        required: whether every such call is checked on one.
        last: the variable that names a resource of the type; `""` where there is one of it alone.
        variables: where the variables' values stand.
        writes: what a policy holds: each pattern, with the variables that a call must fill in.
        names_last: the keys that may name a resource of the type.
        makes: whether the call makes one, whose id nobody knows before.
        answers_new: whether what the response alone names did not exist before the call.
        with_path: whether the name has a path, which the call may not name.
        gives_path: whether the call gives it its path.
        means_caller: whether a call that names nobody means the caller.
        foreign: whether it is another service's: a key that looks like a name of it says nothing.
    """

    form: ArnForm
    required: bool
    last: str
    variables: tuple[VariablePlan, ...]
    writes: tuple[tuple[ArnTemplate, tuple[str, ...]], ...]
    names_last: frozenset[str]
    makes: bool
    answers_new: bool
    with_path: bool
    gives_path: bool
    means_caller: bool
    foreign: bool


@functools.lru_cache(maxsize=8_192)
def plans_of(
    fact: ActionFact, service: str, event_name: str, resource_type: str | None, given: bool
) -> tuple[TypePlan, ...]:
    """The plans for an action of a call.

    Args:
        fact: the action, from the table.
        service: the call's event source, without `.amazonaws.com`.
        event_name: its name, with its version.
        resource_type: the only one of the action's resource types that this call is about, where it is known.
        given: whether the record has parameters. What stands where a request names nothing (`ArnForm.defaults`) says
            nothing of a request that is not known.
    """
    types = [(item.type, item.required) for item in fact.resources]
    chosen = types if resource_type is None else [(resource_type, True)]
    return tuple(_plan(fact, service, event_name, kind, required, given) for kind, required in chosen)


def _plan(fact: ActionFact, service: str, event_name: str, kind: str, required: bool, given: bool) -> TypePlan:
    form = arn_forms.form(fact.action.service, kind)
    if not given:
        form = replace(form, defaults={name: to for name, to in form.defaults.items() if not to.strip("*?")})
    last = form.variables[-1] if form.variables else ""
    says_type = normal(form.type) in event_name.lower()
    # A call is about one thing of a type where it is checked on no other: `name` or `id` can only mean that.
    subject = says_type or [item.type for item in fact.resources if item.required] == [form.type]
    event = overrides.plain_name(service, event_name)
    makes = event in form.made_by or (event.startswith(_MAKING) and subject)
    return TypePlan(
        form=form,
        required=required,
        last=last,
        variables=tuple(_variable(form, name, subject and name == last) for name in form.variables),
        writes=tuple(
            (template, tuple(name for name in template.variables if name not in form.defaults))
            for template in form.templates
        ),
        names_last=frozenset(map(normal, form.keys[last]) if last in form.keys else _general(form, last)),
        makes=makes,
        answers_new=event_name.startswith((*_MAKING, _STARTING)),
        with_path=last.endswith("WithPath"),
        gives_path=makes and says_type,
        means_caller=form.caller and len(fact.resources) == 1,
        foreign=form.formats[0].service != fact.action.service and not form.keys,
    )


def _variable(form: ArnForm, name: str, is_subject: bool) -> VariablePlan:
    if name in form.keys:
        return VariablePlan(name, paths=form.keys[name])
    keys = (*_general(form, name), *map(normal, form.also.get(name, ())))
    return VariablePlan(name, keys=keys, subject=subject_keys(name) if is_subject else ())


def _general(form: ArnForm, name: str) -> tuple[str, ...]:
    return keys_of_variable(form, name) if name else ()
