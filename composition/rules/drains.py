"""What stops lets requests end that others still let run."""

from collections.abc import Iterator

from composition.rules.context import ROOT, Context
from settings.faults import Fault
from settings.types import duration_text


def proxies_outlast_requests(context: Context) -> Iterator[Fault]:
    """A proxy that stops waits as long as a replica would: both are replaced in updates."""
    for name, balancer in context.stack.balancers.items():
        allowed = {
            route.app: context.stack.apps[route.app].longest_request
            for route in balancer.routes
            if route.app in context.stack.apps
        }
        app = max(allowed, key=allowed.__getitem__, default="")
        if app and allowed[app] > balancer.longest_stream:
            longest = duration_text(allowed[app] * 1000)
            yield Fault(
                path=f"{ROOT}.balancers.{name}.longest_stream",
                rule=f"is shorter than apps.{app}.longest_request ({longest}): a stopping proxy would cut requests "
                "that the app may still answer",
                got=duration_text(balancer.longest_stream * 1000),
                fix=f"Set longest_stream to {longest} or more, or shorten apps.{app}.longest_request.",
            )


RULES = (proxies_outlast_requests,)
