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
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from tracer.model.arn import Arn, ArnPattern
from tracer.model.permission import Widening
from tracer.model.record import Record
from tracer.reduce.callers import partition_of_region
from tracer.reduce.inventory import Inventory
from tracer.reduce.keys import SUBJECT_KEYS
from tracer.reduce.plan import TypePlan, VariablePlan, plans_of
from tracer.reduce.reading import owner_of, read_arn, read_text, spelled
from tracer.reduce.request import Leaves, lookup
from tracer.reference.arn_forms import ArnForm
from tracer.reference.table import ActionFact
from tracer.reference.templates import ArnTemplate

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

    plan: TypePlan
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
        open_ = [name for _, needed in self.writes for name in needed if name not in self.values]
        return tuple(open_) if len(open_) < 2 else tuple(dict.fromkeys(open_))

    @property
    def writes(self) -> tuple[tuple[ArnTemplate, tuple[str, ...]], ...]:
        """What a policy holds: of several patterns, those that are known in full, where any is."""
        every = self.plan.writes
        if len(every) == 1:
            return every
        return tuple(one for one in every if all(name in self.values for name in one[1])) or every

    @property
    def named(self) -> bool:
        """Whether the record names any part of it, or makes it; what there is one of needs no name."""
        names = self.plan.form.variables
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
    reader = _Reader(record, inventory, at, elsewhere)
    plans = _plans_of(record, fact, resource_type)
    required = [found for plan in plans if plan.required for found in reader.required(plan)]
    optional = [found for plan in plans if not plan.required for found in reader.optional(plan)]
    found = _without_alternatives(required) + _most_specific(optional)
    if not found:
        return (replace(STAR, widened=(Widening("resource", "", "*", "names-no-resource"),), named=False),)
    return _written(found)


def new_resources(record: Record, fact: ActionFact, inventory: Inventory, resource_type: str) -> tuple[Resource, ...]:
    """The resources of a type that the call makes, as a check beside it saw them: `*` in place of their ids."""
    if resource_type not in {item.type for item in fact.resources}:
        return ()
    reader = _Reader(record, inventory)
    return _written([found for plan in _plans_of(record, fact, resource_type) for found in reader.new(plan)])


def _plans_of(record: Record, fact: ActionFact, resource_type: str | None) -> tuple[TypePlan, ...]:
    given = record.request_parameters is not None
    return plans_of(fact, record.service, record.event_name, resource_type, given)


def _without_alternatives(found: list[_Found]) -> list[_Found]:
    """Of required types, one of which the request names by ARN, or under a key that would name the others as well
    (`listenerArn`), those that it does not name are alternatives to it.
    """
    named = [one for one in found if one.named]
    if len(named) == len(found) or any(one.by_arn for one in found):
        return named
    taken = {key for one in found if one.values.keys() & set(one.plan.form.variables) for key in one.plan.names_last}
    return [one for one in found if one.named or not taken & one.plan.names_last]


def _most_specific(found: list[_Found]) -> list[_Found]:
    """Without those whose format is part of another's: `rule/BUS/NAME` is meant where the request names a bus."""
    return [one for one in found if not any(_is_part(one.plan.form, other.plan.form) for other in found)]


def _is_part(form: ArnForm, other: ArnForm) -> bool:
    return set(form.variables) < set(other.variables) and form.formats[0].literal == other.formats[0].literal


def _written(found: list[_Found]) -> tuple[Resource, ...]:
    """The patterns of some resources, each once."""
    written = [resource for one in found for resource in _write(one)]
    return tuple(written) if len(written) == 1 else tuple(dict.fromkeys(written))


def _write(found: _Found) -> list[Resource]:
    """The patterns of one resource: one for each form that a policy states it in."""
    made, values = found.made, found.values
    widened = [Widening("resource", values.get(name, ""), "*", "new-resource") for name in sorted(made)]
    open_ = [name for name in found.missing if name not in made]
    widened += [Widening("resource", "", "*", f"unknown-{_kebab(name)}") for name in open_]
    if made:
        values = {name: value for name, value in values.items() if name not in made}
    texts = [template.write(values, found.plan.form.defaults) for template, _ in found.writes]
    return [Resource(ArnPattern(text), tuple(widened), found.named, found.pathless) for text in texts]


@functools.lru_cache(maxsize=1024)
def _kebab(name: str) -> str:
    """`RoleNameWithPath` as `role-name-with-path`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", name).lower()


class _Reader:
    """Reads the resources of an action out of one record, type by type, as their plans say."""

    def __init__(
        self, record: Record, inventory: Inventory, at: tuple[str, ...] = (), elsewhere: tuple[str, ...] = ()
    ) -> None:
        self._record = record
        self._inventory = inventory
        self._at = at
        self._elsewhere = elsewhere
        self._head = _head_of(record)
        self._witnesses = [arn for item in record.resources if (arn := Arn.find(item.arn))]
        self._request = Leaves(record.request_parameters)
        self._answer: Leaves | None = None

    @property
    def _response(self) -> Leaves:
        """Read when it is first asked for: of most responses nobody does."""
        if self._answer is None:
            self._answer = Leaves(self._record.response_elements)
        return self._answer

    def required(self, plan: TypePlan) -> list[_Found]:
        """The resources of a type that every such call is checked on; one with gaps where the record names none."""
        found = self._named(plan) or self._own(plan) or self._answered(plan)
        if not found and self._record.request_parameters is None:
            # The call may have named what it makes: nobody knows.
            return [_Found(plan, self._head)]
        found = found or [_Found(plan, self._head)]
        return [self._before(one) for one in found] if plan.makes else found

    def _before(self, found: _Found) -> _Found:
        """A thing as it was when AWS checked the call that makes it: named at most, without the rest of its ARN.

        A text under a variable's key that its ARN cannot hold is no name, and AWS refuses the call; but what it checked
        was this text, and not all names.
        """
        made = found.made.union(found.missing)
        open_ = (variable for variable in found.plan.variables if variable.name in made)
        texts = {variable.name: itertools.chain(*self._candidates(variable, self._request)) for variable in open_}
        unread = {name: text for name, candidates in texts.items() if (text := next(candidates, ""))}
        return replace(found, values={**found.values, **unread}, made=made - unread.keys())

    def optional(self, plan: TypePlan) -> list[_Found]:
        """The resources of a type that a call may be checked on: those that it names in full."""
        found = [one for one in self._named(plan) or self._own(plan) if not one.missing]
        return [one for one in found if one.by_arn] if plan.foreign else found

    def new(self, plan: TypePlan) -> list[_Found]:
        """The resources of a type that the call makes, whose name it may give but whose id nobody knows."""
        found = self._by_keys(plan, self._request) if plan.last.endswith("Name") else []
        return [replace(one, made=frozenset(one.missing)) for one in found or [_Found(plan, self._head)]]

    def _named(self, plan: TypePlan) -> list[_Found]:
        """The resources of this type that resources[] or the request names."""
        if self._at:
            others = {values.get(plan.last) for values in self._stated(plan, self._elsewhere)}
            recorded = self._by_arn(plan, self._witnesses)
            return (
                [
                    self._with_path(_Found(plan, self._head | values, by_arn="Partition" in values))
                    for values in self._stated(plan, self._at)
                ]
                or [one for one in recorded if one.values.get(plan.last) not in others]
                or recorded
            )
        return (
            self._by_arn(plan, self._witnesses)
            or [self._with_path(one) for one in self._by_keys(plan, self._request)]
            or self._by_arn(plan, self._arns(SUBJECT_KEYS, depth=1))
            or self._by_arn(plan, self._arns(None, depth=_ARN_DEPTH))
            or self._linked(plan)
        )

    def _linked(self, plan: TypePlan) -> list[_Found]:
        """The resources of this type that another call of the run tied to what this one names."""
        texts = (text for path in plan.form.linked for text in lookup(self._record.request_parameters, path))
        return self._by_arn(plan, [arn for text in texts if (arn := Arn.find(self._inventory.linked_to(text)))])

    def _stated(self, plan: TypePlan, paths: tuple[str, ...]) -> Iterator[dict[str, str]]:
        """What the texts at `paths` say of a form's variables. Parameters that are null say that none were given,
        unless the call failed or they were too large.
        """
        record = self._record
        given = record.request_parameters
        if given is None and not record.omitted and not record.error_code:
            given = {}
        for path in paths:
            for text in lookup(given, path):
                values = read_text(plan.form, plan.last, text)
                if values:
                    yield values

    def _answered(self, plan: TypePlan) -> list[_Found]:
        """The resources of this type that the response alone names; where the call makes things, it made them."""
        found = self._by_keys(plan, self._response) or self._by_arn(plan, [arn for _, _, arn in self._response.arns])
        made = frozenset(plan.form.variables) if plan.answers_new else frozenset()
        return [replace(one, made=made & frozenset(one.values), by_arn=False) for one in found]

    def _own(self, plan: TypePlan) -> list[_Found]:
        """The caller itself, for the calls that mean it where they name nobody (GetUser without a user name). Of a call
        that failed, parameters that are null say nothing.
        """
        record = self._record
        if not plan.means_caller or self._at:
            return []
        unknown = record.omitted or (record.request_parameters is None and record.error_code)
        identity = Arn.find(record.user_identity.arn)
        return self._by_arn(plan, [identity]) if identity and not unknown else []

    @staticmethod
    def _by_arn(plan: TypePlan, arns: list[Arn]) -> list[_Found]:
        if not arns:
            return []
        read = (values for arn in dict.fromkeys(arns) for values in read_arn(plan.form, arn))
        found = [_Found(plan, values, by_arn=True) for values in read]
        return list({tuple(sorted(one.values.items())): one for one in found}.values())

    def _arns(self, keys: tuple[str, ...] | None, depth: int) -> list[Arn]:
        return [arn for key, at, arn in self._request.arns if at <= depth and (keys is None or key in keys)]

    def _by_keys(self, plan: TypePlan, given: Leaves) -> list[_Found]:
        """The resources whose variables stand under keys of their names."""
        form = plan.form
        choices: list[dict[str, str]] = [{}]
        for variable in plan.variables:
            read = self._values(form, variable, given) if variable.may_stand_in(given.by_key) else []
            if read:
                choices = [choice | values for choice, values in itertools.product(choices, read)][:_MOST]
        named = [choice for choice in choices if any(name in choice for name in form.variables)]
        accounts = (account for path in form.account_at for account in given.at(path)) if named else ()
        owner = next(({"Account": account} for account in accounts), {})
        return [
            _Found(plan, self._head | owner | choice | owner_of(form, choice), by_arn="Partition" in choice)
            for choice in named
        ]

    def _values(self, form: ArnForm, variable: VariablePlan, given: Leaves) -> list[dict[str, str]]:
        """What the first key that says anything says about a variable: dictionaries of variables' values."""
        for texts in self._candidates(variable, given):
            read = [spelled(form, values) for text in texts if (values := read_text(form, variable.name, text))]
            if read:
                return read if len(read) == 1 else list({tuple(sorted(one.items())): one for one in read}.values())
        return []

    @staticmethod
    def _candidates(variable: VariablePlan, given: Leaves) -> Iterator[list[str]]:
        """The texts that may name a variable, key by key in the order to try them."""
        for path in variable.paths:
            yield given.at(path)
        for name in variable.keys:
            found = given.under(name)
            if found:
                least, _ = found[0]
                yield [value for depth, value in found if depth == least]
        for name in variable.subject:
            yield [value for depth, value in given.under(name) if depth == 1]

    def _with_path(self, found: _Found) -> _Found:
        """An IAM name with its path: as the call gives it to what it makes, else from this call's response, else from
        what other records of the run show.
        """
        plan = found.plan
        name = found.values.get(plan.last, "")
        if not plan.with_path or "/" in name or found.by_arn:
            return found
        for _, _, arn in self._response.arns:
            for values in read_arn(plan.form, arn):
                if values[plan.last].rpartition("/")[2] == name:
                    return replace(found, values=values)
        if plan.gives_path:
            path = next(lookup(self._record.request_parameters, "path"), "/").strip("/")
            return replace(found, values={**found.values, plan.last: f"{path}/{name}".strip("/")})
        full = self._inventory.full_name(found.values.get("Account", ""), plan.form.formats[0].literal, name)
        if full is None:
            return replace(found, pathless=True)
        return replace(found, values={**found.values, plan.last: full})


def _head_of(record: Record) -> dict[str, str]:
    """Partition, region and account of what the record names without an ARN."""
    owners = {item.account_id for item in record.resources if item.account_id}
    account = owners.pop() if len(owners) == 1 else record.account
    witness = Arn.find(record.user_identity.arn)
    partition = witness.partition if witness else partition_of_region(record.aws_region)
    head = {"Partition": partition, "Region": record.aws_region}
    return head | {"Account": account} if account else head
