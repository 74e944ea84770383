"""Observed ARNs into patterns that hold for the next run too: `exact`, `names` or `service`.

`names` stars what AWS generates, by what it is (a REST API's id, an instance's, CloudFormation's suffix): names that
people chose are kept. `service` turns names that begin with the Serverless service and stage into prefix patterns, as
the advanced template has them. Both look at one ARN at a time, so the result does not depend on what else was seen,
and each step is recorded as a `Widening`. The rules are data: `tracer.reference.generated`.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass

from tracer.model.arn import ArnPattern
from tracer.model.glob import escape
from tracer.model.permission import ResourcesMode, Widening
from tracer.model.policy import Conditions
from tracer.reference import generated
from tracer.reference.generated import GeneratedRule


@dataclass(frozen=True, slots=True)
class Generalizer:
    """How ARNs become patterns in one run.

    Attributes:
        mode: exact, names or service.
        service, stages: the Serverless service and its stages in this run, where they are known.
        stacks: the run's stacks: CloudFormation begins the names that it makes with theirs.
        made: the ids that the run itself made; an id of a long-lived resource is starred only where it is one of them.
    """

    mode: ResourcesMode
    service: str | None = None
    stages: tuple[str, ...] = ()
    stacks: tuple[str, ...] = ()
    made: frozenset[str] = frozenset()

    def __call__(self, pattern: ArnPattern) -> tuple[ArnPattern, tuple[Widening, ...]]:
        """The pattern for an observed one, and what was widened in it."""
        if self.mode is ResourcesMode.EXACT or pattern.is_star:
            return pattern, ()
        *head, resource = pattern.segments
        widened: list[Widening] = []
        for rule, expression in _expressions(pattern.service, self.stacks):
            if expression.search(resource):
                resource = self._apply(rule, expression, resource, widened)
        if self.mode is ResourcesMode.SERVICE and self.service:
            resource = self._prefixes(resource, widened)
        if not widened:
            return pattern, ()
        return ArnPattern(":".join((*head, resource))), tuple(widened)

    def conditions(self, conditions: Conditions) -> Conditions:
        """The condition block with the ARNs that an Arn operator compares generalized as resources are: a policy that
        CloudFormation made has another name in the next stack.
        """
        if not conditions.items:
            return conditions
        items = []
        for operator, key, values in conditions.items:
            if operator.startswith("Arn"):
                values = tuple(sorted({self(ArnPattern(value))[0].text for value in values}))
            items.append((operator, key, values))
        return Conditions(tuple(items))

    def _apply(self, rule: GeneratedRule, expression: re.Pattern[str], resource: str, widened: list[Widening]) -> str:
        def star(match: re.Match[str]) -> str:
            found = match.group("id")
            if found == rule.to or (rule.made_only and found not in self.made):
                return match.group()
            widened.append(Widening("resource", found, rule.to, rule.rule))
            start, end = match.start("id") - match.start(), match.end("id") - match.start()
            return match.group()[:start] + rule.to + match.group()[end:]

        return expression.sub(star, resource)

    def _prefixes(self, resource: str, widened: list[Widening]) -> str:
        """Names that begin with the service's and stage's own prefix, cut to it. `orders-dev-*` never reaches
        `orders-archive`; without a stage it is `orders-*`. Of several stages it is what they have in common,
        `orders-*-*`.
        """

        def cut(match: re.Match[str]) -> str:
            stage, rest = match["stage"], match["rest"]
            if len(self.stages) > 1:
                widened.append(Widening("resource", stage, "*", "several-stages"))
                stage = "*"
            if rest and rest != "*":
                widened.append(Widening("resource", rest, "*", "service-prefix"))
                rest = "*"
            return "-".join(part for part in (match["service"], stage, rest) if part is not None)

        return _names_of(self.service or "", self.stages).sub(cut, resource)


@functools.lru_cache(maxsize=64)
def _names_of(service: str, stages: tuple[str, ...]) -> re.Pattern[str]:
    """The names that begin with a service and one of its stages, and what comes behind."""
    known = "|".join(re.escape(escape(stage)) for stage in sorted(stages, key=len, reverse=True))
    stage = rf"-(?P<stage>{known})" if known else "(?P<stage>(?!))?"
    expression = rf"(?<![^/:])(?P<service>{re.escape(escape(service))}){stage}(?:-(?P<rest>[^/:]*))?(?![^/:])"
    return re.compile(expression, re.IGNORECASE)


@functools.lru_cache(maxsize=1024)
def _expressions(service: str, stacks: tuple[str, ...]) -> tuple[tuple[GeneratedRule, re.Pattern[str]], ...]:
    """The rules about a service's ARNs, compiled; those about the run's stacks apply only where there are some."""
    names = "|".join(re.escape(escape(stack)) for stack in stacks)
    return tuple(
        (rule, re.compile(rule.match.replace("{stack}", f"(?:{names})")))
        for rule in generated.rules_for(service)
        if names or "{stack}" not in rule.match
    )
