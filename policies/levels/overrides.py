"""Overrides: a rule that is weaker than its environment has it, with a reason and an end."""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from pulumi_policy import EnforcementLevel
from rules.rule import Rule

NAME = "levels"
"""The policy whose configuration names the environment."""
ENVIRONMENTS = ("dev", "prod")
_STRENGTH = {EnforcementLevel.DISABLED: 0, EnforcementLevel.ADVISORY: 1, EnforcementLevel.MANDATORY: 2}
_PROPERTIES = {"reason", "expires"}


@dataclass(frozen=True, kw_only=True)
class Given:
    """What an engine configures for one policy, with what applies to all of them."""

    level: EnforcementLevel
    properties: Mapping[str, Any]


def level_in(environment: str, rule: Rule) -> EnforcementLevel:
    """The level of a rule in an environment: in development nothing stops."""
    return EnforcementLevel.ADVISORY if environment == "dev" else rule.level


def faults(given: Mapping[str, Given], rules: Sequence[Rule], today: date) -> list[str]:
    """Everything that is wrong with a configuration, and what to do. Reasons are shown, for they hold no secret."""
    environment = _environment(given)
    if environment not in ENVIRONMENTS:
        return [f"{NAME}: there is no environment {environment!r}; use {' or '.join(ENVIRONMENTS)}"]
    names = [NAME, *(rule.name for rule in rules)]
    found = [_unknown(name, names) for name in given if name not in names]
    if extra := sorted(set(given[NAME].properties) - {"environment"} if NAME in given else ()):
        found.append(f"{NAME}: it has no {', '.join(extra)}; it takes `environment` alone")
    if NAME in given and given[NAME].level == EnforcementLevel.DISABLED:
        found.append(f"{NAME}: it says which overrides are in force, and cannot be disabled")
    for rule in rules:
        if rule.name in given:
            found += [
                f"{rule.name}: {fault}" for fault in _faults(given[rule.name], level_in(environment, rule), today)
            ]
    return found


def in_force(given: Mapping[str, Given], rules: Sequence[Rule]) -> list[str]:
    """The overrides of a configuration without faults, each with its reason and its last day."""
    environment = _environment(given)
    return [
        f"{rule.name} is {one.level.value} until {one.properties['expires']}: {one.properties['reason']}"
        for rule in rules
        if (one := given.get(rule.name)) and _is_weaker(one, level_in(environment, rule))
    ]


def _environment(given: Mapping[str, Given]) -> Any:
    return given[NAME].properties.get("environment", "prod") if NAME in given else "prod"


def _unknown(name: str, names: Sequence[str]) -> str:
    near = difflib.get_close_matches(name, names, n=1)
    return f"{name}: there is no such rule; " + (f"is {near[0]} meant?" if near else "docs/policies.md has them all")


def _is_weaker(one: Given, base: EnforcementLevel) -> bool:
    return _STRENGTH.get(one.level, 2) < _STRENGTH[base]


def _faults(one: Given, base: EnforcementLevel, today: date) -> Iterator[str]:
    if one.level == EnforcementLevel.REMEDIATE:
        yield "no rule changes resources; use mandatory"
    if extra := sorted(set(one.properties) - _PROPERTIES):
        yield f"it has no {', '.join(extra)}; an override has `enforcementLevel`, `reason` and `expires`"
    if not _is_weaker(one, base):
        return
    reason, expires = one.properties.get("reason"), one.properties.get("expires")
    if not isinstance(reason, str) or not reason.strip():
        yield f"{one.level.value} instead of {base.value}, without a reason; add `reason`"
    last = _date(expires)
    if expires is None:
        yield f"{one.level.value} instead of {base.value}, without an end; add `expires`, a date such as 2030-01-31"
    elif last is None:
        yield f"`expires` {expires!r} is no date such as 2030-01-31"
    elif last < today:
        yield (
            f"the override ended on {last}; fix what the rule reports and remove it, "
            "or set a later `expires` and a reason that still holds"
        )


def _date(text: Any) -> date | None:
    try:
        return date.fromisoformat(text)
    except (TypeError, ValueError):
        return None
