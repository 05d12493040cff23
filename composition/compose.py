"""The wiring: every component of the stack, each with what those before it give."""

from typing import Any

import pulumi

from components.images import Images
from components.kind import Build, Built
from components.scope import Scope
from composition.kinds import components
from composition.read import SECRETS_KEY, StackInput
from composition.refusals import refusal_faults
from model import Origin, SecretRef
from platforms.base import Login, Platform, Unsupported
from platforms.table import make_platform
from settings.faults import BrokenStack


def compose(given: StackInput, *, stack_name: str) -> dict[str, Any]:
    """Register every component of the stack. Returns the stack's outputs.

    Raises BrokenStack with everything that the platform refuses, before any resource is registered.
    """
    stack = given.stack
    logins = [
        Login(host=host, username=login.username, password=given.secrets[login.password_secret])
        for host, login in stack.images.registries.items()
    ]
    platform = make_platform(stack.platform, stack=stack_name, data=stack.data, logins=logins)
    built = {part.name: Built(contract=kind.promise(part, platform)) for kind, part in components(stack)}
    outputs: dict[str, Any] = {"platform": stack.platform.kind}
    try:
        with platform.gathering():
            mounted = _given_secrets(given, platform)
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
                    )
                )
                if one.outputs is not None:
                    outputs[kind.key] = (
                        one.outputs if kind.single else outputs.get(kind.key, {}) | {part.name: one.outputs}
                    )
    except Unsupported as unsupported:
        raise BrokenStack(given.source, refusal_faults(unsupported.refusals)) from None
    return outputs


def _given_secrets(given: StackInput, platform: Platform) -> dict[str, SecretRef]:
    """The given secrets that containers mount, by name."""
    uses = (use for kind, part in components(given.stack) for use in kind.secrets(part.settings))
    parent = pulumi.ComponentResource("ha-platform:secrets:GivenSecrets", "given")
    mounted = {}
    for name in sorted({use.name for use in uses if use.mounted}):
        scope = Scope(platform=platform, origin=Origin(root=SECRETS_KEY, key=name), parent=parent)
        mounted[name] = scope.secret(f"given-{name.replace('_', '-')}", given.secrets[name])
    parent.register_outputs({})
    return mounted
