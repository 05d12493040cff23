"""The wiring: every component of the stack, each with what those before it give."""

from collections.abc import Iterable
from typing import Any

from components.images import Images
from components.kind import Build, Built, Clients
from composition.kinds import clients, components, users
from composition.promises import promised
from composition.read import StackInput
from composition.refusals import refusal_faults
from composition.secrets import mounted_secrets
from platforms.base import Login, Unsupported
from platforms.table import make_platform
from settings.faults import BrokenStack


def compose(given: StackInput, *, stack_name: str, ask_hosts: bool = False) -> dict[str, Any]:
    """Register every component of the stack; with `ask_hosts` also by what runs already. Returns the stack's outputs.

    Raises BrokenStack with everything that the platform refuses, before any resource is registered.
    """
    stack = given.stack
    logins = [
        Login(host=host, username=login.username, password=given.secrets[login.password_secret])
        for host, login in stack.images.registries.items()
    ]
    platform = make_platform(stack.platform, stack=stack_name, data=stack.data, logins=logins, ask_hosts=ask_hosts)
    built = {
        part.name: Built(contract=kind.promise(part, platform), requests=kind.requests(part))
        for kind, part in components(stack)
    }
    outputs: dict[str, Any] = {"platform": stack.platform.kind}
    try:
        with platform.gathering():
            mounted = mounted_secrets(given, platform)
            for kind, part in components(stack):
                one = built[part.name] = kind.build(
                    Build(
                        name=part.name,
                        settings=part.settings,
                        origin=part.origin,
                        platform=platform,
                        images=Images(stack.images),
                        built=built,
                        given=mounted,
                        values=given.secrets,
                        clients=clients(stack, part.name),
                    )
                )
                built |= {f"{part.name}/{key}": Built(contract=each) for key, each in one.further.items()}
                if one.outputs is not None:
                    outputs[kind.key] = (
                        one.outputs if kind.single else outputs.get(kind.key, {}) | {part.name: one.outputs}
                    )
            platform.finish()
            for _, part in components(stack):
                if retire := built[part.name].retire:
                    retire(_all_of(built[name].runs for name in users(stack, part.name)))
    except Unsupported as unsupported:
        raise BrokenStack(given.source, refusal_faults(unsupported.refusals)) from None
    if promises := promised(stack):
        outputs["promises"] = promises
    return outputs


def _all_of(clients: Iterable[Clients]) -> Clients:
    every = tuple(clients)
    return Clients(
        resources=tuple(resource for one in every for resource in one.resources),
        stop_seconds=max((one.stop_seconds for one in every), default=0),
    )
