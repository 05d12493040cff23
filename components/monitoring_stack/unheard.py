"""A critical alert reaches somebody."""

from collections.abc import Iterable

from components.monitoring_stack.settings import AlertmanagerSettings
from components.observability import AlertRule
from components.scope import Scope


def refuse_unheard(scope: Scope, settings: AlertmanagerSettings, rules: Iterable[AlertRule]) -> None:
    """Refuses receivers that leave out a component's critical alerts, unless `unheard` names it."""
    critical = [rule for rule in rules if rule.severity == "critical"]
    left_out = {rule.component for rule in critical if not any(one.match.fits(rule) for one in settings.receivers)}
    if lost := sorted(left_out - set(settings.unheard)):
        scope.platform.refuse(
            scope.at("alertmanager").origin,
            "receivers",
            ", ".join(lost),
            "no receiver gets the critical alerts of these components; take `match` from one receiver, widen it, or "
            "name them in `unheard`",
        )
