"""What a setting names must exist."""

from collections.abc import Iterator

from composition.rules.context import ROOT, Context, missing
from composition.stack import Stack
from settings.faults import Fault


def routes_name_apps(context: Context) -> Iterator[Fault]:
    """A route leads to an application with a port."""
    for balancer, settings in context.stack.balancers.items():
        for index, route in enumerate(settings.routes):
            path = f"balancers.{balancer}.routes[{index}].app"
            yield from missing(context, "apps", route.app, path)
            if (app := context.stack.apps.get(route.app)) and app.port is None:
                yield Fault(
                    path=f"{ROOT}.{path}",
                    rule="leads to an app without a port",
                    got=repr(route.app),
                    fix=f"Give apps.{route.app}.port, or remove the route.",
                )


def apps_use_what_exists(context: Context) -> Iterator[Fault]:
    """Databases and caches that an application uses are in the stack."""
    for app, settings in context.stack.apps.items():
        for name in settings.uses.databases:
            yield from missing(context, "databases", name, f"apps.{app}.uses.databases.{name}")
        for name in settings.uses.caches:
            yield from missing(context, "caches", name, f"apps.{app}.uses.caches.{name}")


def secrets_are_given(context: Context) -> Iterator[Fault]:
    """Given secrets were given. One fault for each that was not, at its first use."""
    if context.secret_names is None:
        return
    uses: dict[str, list[str]] = {}
    for path, name in (*given_secret_uses(context.stack), *component_secret_uses(context.stack)):
        if name not in context.secret_names:
            uses.setdefault(name, []).append(path)
    for name, (first, *others) in uses.items():
        also = f" Also named by {', '.join(others)}." if others else ""
        yield Fault(
            path=f"{ROOT}.{first}",
            rule="names a secret that was not given",
            got=repr(name),
            fix=f"Give it: `{context.give_secret}{name}`.{also}",
        )


def given_secret_uses(stack: Stack) -> Iterator[tuple[str, str]]:
    """Path and name of every given secret that applications mount."""
    for app, settings in stack.apps.items():
        for file_name, name in settings.secrets.items():
            yield f"apps.{app}.secrets.{file_name}", name
        for variable, name in settings.secret_env.items():
            yield f"apps.{app}.secret_env.{variable}", name


def component_secret_uses(stack: Stack) -> Iterator[tuple[str, str]]:
    """Path and name of every given secret that becomes part of a component's own configuration."""
    for name, balancer in stack.balancers.items():
        if balancer.tls:
            yield f"balancers.{name}.tls.certificate", balancer.tls.certificate
            yield f"balancers.{name}.tls.private_key", balancer.tls.private_key
    if stack.monitoring:
        for path, secret in stack.monitoring.secret_uses().items():
            yield f"monitoring.{path}", secret


RULES = (routes_name_apps, apps_use_what_exists, secrets_are_given)
