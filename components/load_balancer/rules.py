"""Rules between a balancer and the applications behind it."""

from collections.abc import Iterator

from components.context import Context
from components.contracts import Serving
from components.load_balancer.settings import LoadBalancerSettings
from components.load_balancer.traffic import Side
from model import Origin, Scratch
from model.units import MIB
from settings.faults import Fault
from settings.types import duration_text

_TMP = Scratch(path="/tmp")
"""What every container has there unless its settings say otherwise."""


def routes_lead_to_ports(context: Context) -> Iterator[Fault]:
    """A route leads to a port of an application."""
    for name, balancer in _balancers(context):
        for index, route in enumerate(balancer.routes):
            at = Origin(key="balancers", name=name).at(f"routes[{index}]")
            for side in route.sides:
                yield from _missing_port(context, at, side)
        for key, passed_on in balancer.tcp.items():
            at = Origin(key="balancers", name=name).at("tcp", key)
            yield from _missing_port(context, at, Side(passed_on.app, passed_on.port, "app"))


def _missing_port(context: Context, origin: Origin, side: Side) -> Iterator[Fault]:
    app = context.component(side.app)
    if not isinstance(app, Serving):
        return
    names = ", ".join(app.ports) or "none"
    if side.port is None and app.port is None:
        what = "route" if side.key == "app" else "shift"
        yield Fault(
            path=str(origin.at(side.key)),
            rule="leads to an app without a port",
            got=repr(side.app),
            fix=f"Give apps.{side.app}.port, or remove the {what}."
            if not app.ports
            else f"Give apps.{side.app}.port, or name one of its ports by `{side.port_key}`: {names}.",
        )
    if side.port is not None and side.port not in app.ports:
        yield Fault(
            path=str(origin.at(side.port_key)),
            rule=f"names no port in apps.{side.app}.ports",
            got=repr(side.port),
            fix=f"There are: {names}." + (" Without the key it is `port`." if app.port is not None else ""),
        )


def proxies_outlast_requests(context: Context) -> Iterator[Fault]:
    """A proxy that stops waits as long as a replica would: both are replaced in updates."""
    for name, balancer in _balancers(context):
        behind = {app: context.component(app) for app in balancer.apps}
        allowed = {each: settings.longest_request for each, settings in behind.items() if isinstance(settings, Serving)}
        app = max(allowed, key=allowed.__getitem__, default="")
        if app and allowed[app] > balancer.longest_stream:
            longest = duration_text(allowed[app] * 1000)
            yield Fault(
                path=str(Origin(key="balancers", name=name).at("longest_stream")),
                rule=f"is shorter than apps.{app}.longest_request ({longest}): a stopping proxy would cut requests "
                "that the app may still answer",
                got=duration_text(balancer.longest_stream * 1000),
                fix=f"Set longest_stream to {longest} or more, or shorten apps.{app}.longest_request.",
            )


def https_in_front_is_all_there_is(context: Context) -> Iterator[Fault]:
    """Most controllers answer over plain HTTP, too, unless something redirects."""
    for name, balancer in _balancers(context):
        if balancer.front.tls and not balancer.require_https:
            yield Fault(
                path=str(Origin(key="balancers", name=name).at("require_https")),
                rule="is not set: TLS ends in front, and what comes there over plain HTTP is answered, too",
                got="false",
                fix="Set it, unless the controller itself redirects to HTTPS.",
            )


def bodies_fit_scratch(context: Context) -> Iterator[Fault]:
    """An application that collects a body in `/tmp`, as most frameworks do, needs the space."""
    for name, balancer in _balancers(context):
        for index, route in enumerate(balancer.routes):
            for name_of_app in dict.fromkeys(side.app for side in route.sides):
                app = context.component(name_of_app)
                if route.max_body is None or not isinstance(app, Serving):
                    continue
                room = {scratch.path: scratch.size_bytes for scratch in app.scratch()}.get(_TMP.path, _TMP.size_bytes)
                if route.max_body > room:
                    yield Fault(
                        path=str(Origin(key="balancers", name=name).at(f"routes[{index}].max_body")),
                        rule=f"is above the {room // MIB} MiB of {_TMP.path} in apps.{name_of_app}, where most "
                        "frameworks collect a body",
                        got=f"{route.max_body // MIB} MiB",
                        fix=f"Unless the app streams bodies, give it that size in apps.{name_of_app}.writable_paths.",
                    )


def closed_paths_are_asked_for(context: Context) -> Iterator[Fault]:
    """What is closed is a path as the application gets it; in other words it closes nothing."""
    for name, balancer in _balancers(context):
        for index, route in enumerate(balancer.routes):
            ends = {(side.app, side.port) for side in route.sides}
            to_it = [one for one in balancer.routes if ends & {(side.app, side.port) for side in one.sides}]
            for at, closed in enumerate(route.closed):
                if any(one.rewrite is None and _below(one.path, closed) for one in to_it):
                    continue
                origin = str(Origin(key="balancers", name=name).at(f"routes[{index}].closed[{at}]"))
                if route.rewrite and _below(route.path, closed):
                    gets = route.arrival(closed)
                    yield Fault(
                        path=origin,
                        rule=f"does not close what is asked as {closed}: the app gets {gets} for it",
                        got=repr(closed),
                        fix=f"Write {gets}, unless the app itself has such a path below {route.rewrite}.",
                    )
                elif not any(_below(one.arrival(one.path), closed) for one in to_it):
                    yield Fault(
                        path=origin,
                        rule=f"closes nothing: no route leads there, and apps.{route.app} gets no such path",
                        got=repr(closed),
                        fix="Leave it out, or write it as the app gets it.",
                    )


def _below(path: str, other: str) -> bool:
    return f"{other}/".lower().startswith(f"{path.rstrip('/')}/".lower())


def _balancers(context: Context) -> Iterator[tuple[str, LoadBalancerSettings]]:
    yield from context.parts("balancers").items()


RULES = (routes_lead_to_ports, proxies_outlast_requests)
ADVICE = (bodies_fit_scratch, closed_paths_are_asked_for, https_in_front_is_all_there_is)
