"""All clients of a server together open no more connections than it takes."""

from collections.abc import Iterator

from components.context import Context
from composition.kinds import components
from composition.promises import each_budget
from guarantees.connections import Connections
from model import Origin
from settings.faults import Fault


def pools_fit(context: Context) -> Iterator[Fault]:
    """With every replica that a rollout and an autoscaler may start."""
    for part, budget in each_budget(context.stack):
        if budget.used > max(0, budget.limit.free):
            yield _too_many(part.origin, budget)


def _too_many(origin: Origin, budget: Connections) -> Fault:
    limit = budget.limit
    kept = ", ".join(f"{name} {number}" for name, number in limit.kept.items() if number)
    each = limit.most // limit.parts
    needed = each + -(-(budget.used - limit.free) // max(1, limit.parts - 1))
    lower = " or `pooler.pool_size`" if any(pool.key == "pooler.pool_size" for pool in budget.pools) else ""
    return Fault(
        path=str(origin.at(*limit.key.split("."))),
        rule=f"leaves {limit.free} connections for clients, which may open {budget.used}: {budget.made_of}",
        got=str(each),
        fix=f"Set {needed} or more, or lower a client's `pool`{lower}." + (f" Kept are {kept}." if kept else ""),
    )


def pools_are_counted(context: Context) -> Iterator[Fault]:
    """A number that nobody counts would be believed."""
    counted = {part.name for part, _ in each_budget(context.stack)}
    for kind, part in components(context.stack):
        for pool in kind.pools(part):
            known = context.component(pool.server)
            if (
                pool.each is not None
                and not pool.assumed
                and known is not None
                and pool.server.partition("/")[0] not in counted
            ):
                yield Fault(
                    path=str(part.origin.at(*pool.key.split("."))),
                    rule=f"counts connections of `{pool.server}`, whose limit is not known here",
                    got=str(pool.each),
                    fix="Leave it out: connections are counted for the databases that the stack runs.",
                )


RULES = (pools_fit, pools_are_counted)
