"""The laws of `covers`: of globs, of ARN patterns and of actions.

The judge of globs is `counterexample`, which decides in another way than tracer does: it reads both patterns as
automata and walks through all strings at once, as sets of states, until it finds one that the narrower pattern matches
and the wider one does not, or has seen every pair of sets. It takes the letters that the patterns are drawn from and
one that neither names, which stands for all the rest.
"""

from __future__ import annotations

import itertools
import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from strategies import (
    action_chains,
    action_patterns,
    arn_pattern_chains,
    arn_patterns,
    arns,
    glob_chains,
    glob_pairs,
    globs,
    literals,
    widened_arns,
)

from tracer.model.action import Action
from tracer.model.arn import Arn, ArnPattern
from tracer.model.glob import escape, glob_covers, has_wildcard, unescape

ALPHABET = "ab:z"
"""The letters of `strategies.globs`, and `z` for every other."""

both_readings = pytest.mark.parametrize("spanning", [False, True], ids=["stops-at-colons", "spans"])


class Automaton:
    """A glob of `a`, `b`, `:` and wildcards as an automaton: a row of states, one for each place between its steps."""

    def __init__(self, pattern: str, *, spanning: bool) -> None:
        self.steps: list[tuple[str, bool]] = []
        for run in re.finditer(r"[*?]+|.", pattern):
            # AWS: "If the * wildcard is the last character of a resource ARN segment, it can expand to match beyond".
            ends_segment = pattern[run.end() :][:1] in ("", ":")
            loops = "*" in run.group()
            spans = spanning or (loops and ends_segment)
            self.steps += [(sign, spans) for sign in run.group().replace("*", "")] + [("*", spans)] * loops

    def start(self) -> frozenset[int]:
        return self._rest({0})

    def after(self, places: frozenset[int], letter: str) -> frozenset[int]:
        reached = set()
        for place in places - {len(self.steps)}:
            sign, spans = self.steps[place]
            if sign == letter or (sign in "*?" and (spans or letter != ":")):
                reached.add(place if sign == "*" else place + 1)
        return self._rest(reached)

    def accepts(self, places: frozenset[int]) -> bool:
        return len(self.steps) in places

    def _rest(self, places: set[int]) -> frozenset[int]:
        """The places, and those that are reached from them without a letter: a `*` may stand for nothing."""
        for place, (sign, _) in enumerate(self.steps):
            if place in places and sign == "*":
                places.add(place + 1)
        return frozenset(places)


def counterexample(wide: str, narrow: str, *, spanning: bool) -> str | None:
    """A shortest string that `narrow` matches and `wide` does not; None where there is none."""
    one, other = Automaton(wide, spanning=spanning), Automaton(narrow, spanning=spanning)
    queue = [(one.start(), other.start(), "")]
    seen = set()
    for mine, theirs, text in queue:
        if other.accepts(theirs) and not one.accepts(mine):
            return text
        for letter in ALPHABET:
            pair = one.after(mine, letter), other.after(theirs, letter)
            if pair[1] and pair not in seen:
                seen.add(pair)
                queue.append((*pair, text + letter))
    return None


@pytest.mark.parametrize(
    ("wide", "narrow", "spanning", "expected"),
    [
        ("a*", "*", True, ""),
        ("?", "*", True, ""),
        ("?*", "*a", True, None),
        ("a*b", "a:b", True, None),
        ("a*b", "a:b", False, "a:b"),
        ("a*:b", "a:a:b", False, None),
    ],
)
def test_the_judge_itself(wide: str, narrow: str, spanning: bool, expected: str | None):
    assert counterexample(wide, narrow, spanning=spanning) == expected


@both_readings
def test_glob_covers_is_inclusion_for_all_short_patterns(spanning: bool):
    patterns = ["".join(signs) for size in range(4) for signs in itertools.product("a:*?", repeat=size)]
    wrong = [
        (wide, narrow)
        for wide, narrow in itertools.product(patterns, repeat=2)
        if glob_covers(wide, narrow, spanning=spanning) != (counterexample(wide, narrow, spanning=spanning) is None)
    ]
    assert wrong == []


@both_readings
@given(pair=glob_pairs)
def test_glob_covers_is_inclusion(pair: tuple[str, str], spanning: bool):
    wide, narrow = pair
    found = counterexample(wide, narrow, spanning=spanning)
    assert glob_covers(wide, narrow, spanning=spanning) == (found is None), found


@both_readings
@given(wide=globs, text=st.text(alphabet=ALPHABET, max_size=6))
def test_a_glob_covers_the_strings_that_a_regular_expression_matches(wide: str, text: str, spanning: bool):
    def expression(run: re.Match[str]) -> str:
        spans = spanning or ("*" in run.group() and wide[run.end() :][:1] in ("", ":"))
        letter = "." if spans else "[^:]"
        return letter + f"{{{run.group().count('?')},{'' if '*' in run.group() else run.group().count('?')}}}"

    matched = re.fullmatch(re.sub(r"[*?]+", expression, wide), text) is not None
    assert glob_covers(wide, text, spanning=spanning) == matched


@both_readings
@given(chain=glob_chains())
def test_glob_covers_is_transitive(chain: tuple[str, str, str], spanning: bool):
    first, second, third = chain
    assume(glob_covers(first, second, spanning=spanning) and glob_covers(second, third, spanning=spanning))
    assert glob_covers(first, third, spanning=spanning)


@both_readings
@given(pattern=globs)
def test_glob_covers_is_reflexive(pattern: str, spanning: bool):
    assert glob_covers(pattern, pattern, spanning=spanning)
    # Written in another way, so that not the equal text alone answers.
    assert glob_covers(pattern.replace("*", "**"), pattern, spanning=spanning)
    assert glob_covers(pattern, pattern.replace("*", "**"), spanning=spanning)


@given(pair=glob_pairs)
def test_what_is_covered_without_spanning_is_covered_with_it(pair: tuple[str, str]):
    assume(glob_covers(*pair, spanning=False))
    assert glob_covers(*pair, spanning=True)


@both_readings
@given(one=literals, other=literals)
def test_an_escaped_name_covers_itself_alone(one: str, other: str, spanning: bool):
    assert glob_covers(escape(one), escape(one), spanning=spanning)
    assert glob_covers(escape(one), escape(other), spanning=spanning) == (one == other)


@given(literals | st.text())
def test_unescape_undoes_escape(name: str):
    assert unescape(escape(name)) == name
    assert not has_wildcard(escape(name))


@both_readings
@given(name=literals)
def test_a_star_covers_every_name(name: str, spanning: bool):
    assert glob_covers("*", escape(name), spanning=spanning)


def test_matching_takes_polynomial_work():
    """A matcher that goes back to each star in turn would need more than 2**100 steps here, and never end."""
    stars, letters = "*a" * 100, "a" * 200
    assert not glob_covers(stars + "*b", letters)
    assert glob_covers(stars + "*", letters)
    assert not glob_covers(stars + "*b", stars * 2 + "*")
    assert not ArnPattern(f"arn:aws:s3:::{stars}*b").covers(ArnPattern(f"arn:aws:s3:::{letters}"))


@given(arns)
def test_arn_parse_undoes_str(arn: Arn):
    assert Arn.parse(str(arn)) == arn


@given(arns)
def test_arn_str_undoes_parse(arn: Arn):
    text = str(arn)
    assert str(Arn.parse(text)) == text
    assert Arn.find(text) == arn


@given(arns)
def test_the_pattern_of_an_arn_has_its_parts(arn: Arn):
    parts = (arn.partition, arn.service, arn.region, arn.account, arn.resource)
    assert tuple(unescape(segment) for segment in ArnPattern.exactly(arn).segments) == ("arn", *parts)


@both_readings
@given(one=arns, other=arns)
def test_the_pattern_of_an_arn_covers_it_alone(one: Arn, other: Arn, spanning: bool):
    pattern = ArnPattern.exactly(one)
    assert pattern.covers(ArnPattern.exactly(one), spanning=spanning)
    assert pattern.covers(ArnPattern.exactly(other), spanning=spanning) == (one == other)
    assert not pattern.has_wildcard


@both_readings
@given(pair=widened_arns())
def test_a_pattern_covers_the_arn_that_it_was_generalised_from(pair: tuple[Arn, ArnPattern], spanning: bool):
    arn, pattern = pair
    assert pattern.covers(ArnPattern.exactly(arn), spanning=spanning)


@both_readings
@given(pattern=arn_patterns)
def test_arn_covers_is_reflexive_and_star_covers_all(pattern: ArnPattern, spanning: bool):
    assert pattern.covers(pattern, spanning=spanning)
    assert ArnPattern("*").covers(pattern, spanning=spanning)


@both_readings
@given(chain=arn_pattern_chains())
def test_arn_covers_is_transitive(chain: tuple[ArnPattern, ArnPattern, ArnPattern], spanning: bool):
    first, second, third = chain
    assume(first.covers(second, spanning=spanning) and second.covers(third, spanning=spanning))
    assert first.covers(third, spanning=spanning)


@given(chain=arn_pattern_chains())
def test_arns_covered_without_spanning_are_covered_with_it(chain: tuple[ArnPattern, ArnPattern, ArnPattern]):
    for one, other in itertools.permutations(chain, 2):
        assert one.covers(other, spanning=True) or not one.covers(other, spanning=False)


@given(action_patterns)
def test_action_covers_is_reflexive(action: Action):
    assert action.covers(action)
    assert Action("*").covers(action)


@given(action_chains())
def test_action_covers_is_transitive(chain: tuple[Action, Action, Action]):
    first, second, third = chain
    assume(first.covers(second) and second.covers(third))
    assert first.covers(third)


@given(action_patterns, action_patterns)
def test_actions_have_no_case(one: Action, other: Action):
    shouted = Action(other.text.upper())
    assert shouted == other
    assert hash(shouted) == hash(other)
    assert one.covers(shouted) == one.covers(other)
    assert (one < other) == (one < shouted)
