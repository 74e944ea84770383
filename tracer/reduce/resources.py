"""The resources that AWS checked a call on: an action and its record in, ARN patterns out.

CloudTrail names the resources of few calls. So they are derived, from the most certain witness to the least:

1. `resources[]`, where an ARN there has a format of the action's resource types;
2. the request: values under the names of the ARN format's variables (`${FunctionName}` from `functionName`), and ARNs;
3. the response, which has the full ARN of what a call named or made (a role with its path);
4. else the pattern with the least `*` that is certainly right.

An id that only the response knows did not exist when AWS checked the call: AWS checked `*` in its place. What the
request leaves open becomes `*` as well, and the result says so. The formats come from the action table, the
corrections from `tracer.reference.arn_forms`; nothing here knows a service by name.
"""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from tracer.model.arn import Arn, ArnPattern
from tracer.model.permission import Widening
from tracer.model.record import Record
from tracer.reduce.callers import partition_of_region
from tracer.reduce.inventory import Inventory
from tracer.reduce.keys import SUBJECT_KEYS, keys_of_variable, subject_keys
from tracer.reduce.reading import owner_of, read_arn, read_text, spelled
from tracer.reduce.request import Leaves, lookup, normal, plain_event
from tracer.reference import arn_forms
from tracer.reference.arn_forms import ArnForm
from tracer.reference.table import ActionFact
from tracer.reference.templates import ArnTemplate

_MAKING: Final = ("Allocate", "Copy", "Create", "Import", "Launch", "Purchase", "Register", "Request", "Run")
"""How the names of calls begin that make something; AWS checks them before its id exists."""

_STARTING: Final = "Start"
"""How the names of calls begin that start an execution, whose id their response alone has."""

_ARN_DEPTH: Final = 3
"""How deep in a request an ARN of the right format still is the resource: `tagResource.resourceArns[]` and the like."""

_MOST: Final = 1_000
"""How many resources one call may name: more than any AWS call takes; a bound on hostile input."""


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource of a call.

    Attributes:
        pattern: the ARN, or the least pattern that is certainly right.
        widened: the parts that are wider than what is known, and why.
        named: whether the record names the resource; False where a `*` stands for what it left open.
        pathless: whether it is an IAM name whose path no record shows, so that it was taken to have none.
    """

    pattern: ArnPattern
    widened: tuple[Widening, ...] = ()
    named: bool = True
    pathless: bool = False


STAR: Final = Resource(ArnPattern("*"))


@dataclass(frozen=True, slots=True)
class _Found:
    """One resource of one type: the values of its ARN's variables, as far as they are known."""

    form: ArnForm
    values: Mapping[str, str]
    made: frozenset[str] = frozenset()
    """Variables whose value did not exist before the call: it made it."""
    by_arn: bool = False
    """Named by a whole ARN."""
    pathless: bool = False
    """An IAM name whose path is not known."""

    @property
    def missing(self) -> tuple[str, ...]:
        """The variables that stay open in what a policy holds; a part that a policy states as `*` is none."""
        written = dict.fromkeys(name for template in self.templates for name in template.variables)
        return tuple(name for name in written if not self._knows(name))

    @property
    def templates(self) -> tuple[ArnTemplate, ...]:
        """What a policy holds: of several formats, those that are known in full, where any is."""
        whole = tuple(one for one in self.form.templates if all(map(self._knows, one.variables)))
        return whole or self.form.templates

    def _knows(self, name: str) -> bool:
        return name in self.values or name in self.form.defaults

    @property
    def named(self) -> bool:
        """Whether the record names any part of it, or makes it; what there is one of needs no name."""
        names = self.form.variables
        return not names or any(name in self.values or name in self.made for name in names)


def resources_of(
    record: Record,
    fact: ActionFact,
    inventory: Inventory,
    resource_type: str | None = None,
    at: tuple[str, ...] = (),
    elsewhere: tuple[str, ...] = (),
) -> tuple[Resource, ...]:
    """The resources that the call was checked on for one action, at least one.

    Args:
        record: the call.
        fact: the action, from the table.
        inventory: what the records show of names and ids.
        resource_type: the only one of the action's resource types that this call is about, where it is known.
        at: the paths in the request that name it, where the general rule would take others too.
        elsewhere: the paths that name what the call's other actions are checked on.
    """
    if fact.star_only:
        return (STAR,)
    reader = _Reader(record, fact, inventory, at, elsewhere)
    wanted = [(item.type, item.required) for item in fact.resources if resource_type in (None, item.type)]
    if resource_type is not None:
        wanted = [(resource_type, True)]
    required = [found for kind, must in wanted if must for found in reader.required(kind)]
    optional = [found for kind, must in wanted if not must for found in reader.optional(kind)]
    found = _without_alternatives(required) + _most_specific(optional)
    if not found:
        return (replace(STAR, widened=(Widening("resource", "", "*", "names-no-resource"),), named=False),)
    return tuple(dict.fromkeys(itertools.chain.from_iterable(_write(one) for one in found)))


def new_resources(record: Record, fact: ActionFact, inventory: Inventory, resource_type: str) -> tuple[Resource, ...]:
    """The resources of a type that the call makes, as a check beside it saw them: `*` in place of their ids."""
    if resource_type not in {item.type for item in fact.resources}:
        return ()
    found = _Reader(record, fact, inventory).new(resource_type)
    return tuple(dict.fromkeys(itertools.chain.from_iterable(_write(one) for one in found)))


def _without_alternatives(found: list[_Found]) -> list[_Found]:
    """Of required types, one of which the request names by ARN, or under a key that would name the others as well
    (`listenerArn`), those that it does not name are alternatives to it.
    """
    if any(one.by_arn for one in found):
        return [one for one in found if one.named]
    taken = {key for one in found if one.values.keys() & set(one.form.variables) for key in _keys_of(one.form)}
    return [one for one in found if one.named or not taken & _keys_of(one.form)]


def _keys_of(form: ArnForm) -> set[str]:
    """The keys that may name a resource of this form."""
    last = form.variables[-1]
    return set(map(normal, form.keys[last])) if last in form.keys else set(keys_of_variable(form, last))


def _most_specific(found: list[_Found]) -> list[_Found]:
    """Without those whose format is part of another's: `rule/BUS/NAME` is meant where the request names a bus."""
    return [
        one
        for one in found
        if not any(
            set(one.form.variables) < set(other.form.variables)
            and one.form.formats[0].literal == other.form.formats[0].literal
            for other in found
        )
    ]


def _write(found: _Found) -> Iterator[Resource]:
    """The patterns of one resource: one for each form that a policy states it in."""
    widened = [Widening("resource", found.values.get(name, ""), "*", "new-resource") for name in sorted(found.made)]
    open_ = [name for name in found.missing if name not in found.made]
    widened += [Widening("resource", "", "*", f"unknown-{_kebab(name)}") for name in open_]
    values = {name: value for name, value in found.values.items() if name not in found.made}
    for template in found.templates:
        text = template.write(values, found.form.defaults)
        yield Resource(ArnPattern(text), tuple(widened), found.named, found.pathless)


def _kebab(name: str) -> str:
    """`RoleNameWithPath` as `role-name-with-path`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", name).lower()


class _Reader:
    """Reads the resources of one action out of one record."""

    def __init__(
        self,
        record: Record,
        fact: ActionFact,
        inventory: Inventory,
        at: tuple[str, ...] = (),
        elsewhere: tuple[str, ...] = (),
    ) -> None:
        self._record = record
        self._fact = fact
        self._inventory = inventory
        self._at = at
        self._elsewhere = elsewhere
        self._request = Leaves(record.request_parameters)
        self._response = Leaves(record.response_elements)

    def required(self, kind: str) -> list[_Found]:
        """The resources of a type that every such call is checked on; one with gaps where the record names none."""
        form = self._form(kind)
        found = self._named(form) or self._own(form) or self._answered(form)
        if not found and self._record.request_parameters is None:
            # The call may have named what it makes: nobody knows.
            return [_Found(form, self._head)]
        found = found or [_Found(form, self._head)]
        return [self._before(one) for one in found] if self._makes(form) else found

    def _before(self, found: _Found) -> _Found:
        """A thing as it was when AWS checked the call that makes it: named at most, without the rest of its ARN.

        A text under a variable's key that its ARN cannot hold is no name, and AWS refuses the call; but what it checked
        was this text, and not all names.
        """
        made = found.made.union(found.missing)
        texts = {name: itertools.chain(*self._candidates(found.form, name, self._request)) for name in made}
        unread = {name: text for name, candidates in texts.items() if (text := next(candidates, ""))}
        return replace(found, values={**found.values, **unread}, made=made - unread.keys())

    def optional(self, kind: str) -> list[_Found]:
        """The resources of a type that a call may be checked on: those that it names in full."""
        form = self._form(kind)
        found = [one for one in self._named(form) or self._own(form) if not one.missing]
        # Another service's resource has names of its own: a key that looks like one of them says nothing.
        foreign = form.formats[0].service != self._fact.action.service and not form.keys
        return [one for one in found if one.by_arn] if foreign else found

    def new(self, kind: str) -> list[_Found]:
        """The resources of a type that the call makes, whose name it may give but whose id nobody knows."""
        form = self._form(kind)
        named = form.variables[-1].endswith("Name")
        found = self._by_keys(form, self._request) if named else []
        return [replace(one, made=frozenset(one.missing)) for one in found or [_Found(form, self._head)]]

    def _form(self, kind: str) -> ArnForm:
        """The form of a type; what stands where a request names nothing says nothing of a request that is not known."""
        form = arn_forms.form(self._fact.action.service, kind)
        if self._record.request_parameters is None:
            return replace(form, defaults={name: to for name, to in form.defaults.items() if not to.strip("*?")})
        return form

    @functools.cached_property
    def _head(self) -> dict[str, str]:
        """Partition, region and account of what the record names without an ARN."""
        record = self._record
        owners = {item.account_id for item in record.resources if item.account_id}
        account = owners.pop() if len(owners) == 1 else record.account
        witness = Arn.find(record.user_identity.arn)
        partition = witness.partition if witness else partition_of_region(record.aws_region)
        return {"Partition": partition, "Region": record.aws_region} | ({"Account": account} if account else {})

    def _named(self, form: ArnForm) -> list[_Found]:
        """The resources of this form that resources[] or the request names."""
        witnesses = [arn for item in self._record.resources if (arn := Arn.find(item.arn))]
        if self._at:
            others = {values.get(form.variables[-1]) for values in self._stated(form, self._elsewhere)}
            recorded = self._by_arn(form, witnesses)
            return (
                [
                    self._with_path(_Found(form, self._head | values, by_arn="Partition" in values))
                    for values in self._stated(form, self._at)
                ]
                or [one for one in recorded if one.values.get(form.variables[-1]) not in others]
                or recorded
            )
        return (
            self._by_arn(form, witnesses)
            or [self._with_path(one) for one in self._by_keys(form, self._request)]
            or self._by_arn(form, self._arns(SUBJECT_KEYS, depth=1))
            or self._by_arn(form, self._arns(None, depth=_ARN_DEPTH))
            or self._linked(form)
        )

    def _linked(self, form: ArnForm) -> list[_Found]:
        """The resources of this form that another call of the run tied to what this one names."""
        texts = (text for path in form.linked for text in lookup(self._record.request_parameters, path))
        arns = (arn for text in texts if (arn := Arn.find(self._inventory.linked_to(text))))
        return self._by_arn(form, arns)

    def _stated(self, form: ArnForm, paths: tuple[str, ...]) -> Iterator[dict[str, str]]:
        """What the texts at `paths` say of a form's variables. Parameters that are null say that none were given,
        unless the call failed or they were too large.
        """
        record = self._record
        given = record.request_parameters
        if given is None and not record.omitted and not record.error_code:
            given = {}
        for path in paths:
            for text in lookup(given, path):
                values = read_text(form, form.variables[-1], text)
                if values:
                    yield values

    def _answered(self, form: ArnForm) -> list[_Found]:
        """The resources of this form that the response alone names; where the call makes things, it made them."""
        found = self._by_keys(form, self._response)
        if not found:
            arns = (arn for _, _, value in self._response.all if (arn := Arn.find(value)))
            found = self._by_arn(form, arns)
        makes = self._record.event_name.startswith((*_MAKING, _STARTING))
        made = frozenset(form.variables) if makes else frozenset()
        return [replace(one, made=made & frozenset(one.values), by_arn=False) for one in found]

    def _makes(self, form: ArnForm) -> bool:
        """Whether the call makes a thing of this type, whose id nobody knows before."""
        event = plain_event(self._record)
        return event in form.made_by or (event.startswith(_MAKING) and self._is_subject(form))

    def _own(self, form: ArnForm) -> list[_Found]:
        """The caller itself, for the calls that mean it where they name nobody (GetUser without a user name). Of a call
        that failed, parameters that are null say nothing.
        """
        record = self._record
        unknown = record.omitted or (record.request_parameters is None and record.error_code)
        means_nobody_else = form.caller and not self._at and len(self._fact.resources) == 1
        identity = Arn.find(record.user_identity.arn)
        return self._by_arn(form, [identity]) if means_nobody_else and identity and not unknown else []

    def _by_arn(self, form: ArnForm, arns: Iterable[Arn]) -> list[_Found]:
        found = [_Found(form, values, by_arn=True) for arn in dict.fromkeys(arns) for values in read_arn(form, arn)]
        return list({tuple(sorted(one.values.items())): one for one in found}.values())

    def _arns(self, keys: tuple[str, ...] | None, depth: int) -> Iterator[Arn]:
        for key, at, value in self._request.all:
            if at <= depth and (keys is None or key in keys):
                arn = Arn.find(value)
                if arn:
                    yield arn

    def _by_keys(self, form: ArnForm, given: Leaves) -> list[_Found]:
        """The resources whose variables stand under keys of their names."""
        choices: list[dict[str, str]] = [{}]
        for variable in form.variables:
            read = list(self._values(form, variable, given))
            if read:
                choices = [choice | values for choice, values in itertools.product(choices, read)][:_MOST]
        named = [choice for choice in choices if any(name in choice for name in form.variables)]
        accounts = (account for path in form.account_at for account in lookup(given.nested, path))
        owner = next(({"Account": account} for account in accounts), {})
        return [
            _Found(form, self._head | owner | choice | owner_of(form, choice), by_arn="Partition" in choice)
            for choice in named
        ]

    def _values(self, form: ArnForm, variable: str, given: Leaves) -> Iterator[dict[str, str]]:
        """What the first key that says anything says about a variable: dictionaries of variables' values."""
        for texts in self._candidates(form, variable, given):
            read = [spelled(form, values) for text in texts if (values := read_text(form, variable, text))]
            if read:
                yield from {tuple(sorted(values.items())): values for values in read}.values()
                return

    def _candidates(self, form: ArnForm, variable: str, given: Leaves) -> Iterator[list[str]]:
        """The texts that may name a variable, key by key in the order to try them."""
        if variable in form.keys:
            for path in form.keys[variable]:
                yield list(lookup(given.nested, path))
            return
        for name in (*keys_of_variable(form, variable), *map(normal, form.also.get(variable, ()))):
            found = given.under(name)
            if found:
                least = min(found)[0]
                yield [value for depth, value in found if depth == least]
        if variable == form.variables[-1] and self._is_subject(form):
            for name in subject_keys(variable):
                yield [value for depth, value in given.under(name) if depth == 1]

    def _is_subject(self, form: ArnForm) -> bool:
        """Whether the call is about one thing of this type, so that `name` or `id` can only mean it."""
        required = [item.type for item in self._fact.resources if item.required]
        return required == [form.type] or normal(form.type) in self._record.event_name.lower()

    def _with_path(self, found: _Found) -> _Found:
        """An IAM name with its path: as the call gives it to what it makes, else from this call's response, else from
        what other records of the run show.
        """
        last = found.form.variables[-1]
        name = found.values.get(last, "")
        if not last.endswith("WithPath") or "/" in name or found.by_arn:
            return found
        for _, _, value in self._response.all:
            arn = Arn.find(value)
            for values in read_arn(found.form, arn) if arn else ():
                if values[last].rpartition("/")[2] == name:
                    return replace(found, values=values)
        if self._makes(found.form) and normal(found.form.type) in self._record.event_name.lower():
            path = next(lookup(self._record.request_parameters, "path"), "/").strip("/")
            return replace(found, values={**found.values, last: f"{path}/{name}".strip("/")})
        full = self._inventory.full_name(found.values.get("Account", ""), found.form.formats[0].literal, name)
        if full is None:
            return replace(found, pathless=True)
        return replace(found, values={**found.values, last: full})
