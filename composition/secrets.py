"""The secrets that containers mount by a name of the stack file: given ones, and those that are generated."""

import base64

import pulumi

from components.scope import Scope
from composition.kinds import components
from composition.read import SECRETS_KEY, StackInput
from model import Origin, SecretRef
from platforms.base import Platform
from settings.generated import GeneratedSecret


def mounted_secrets(given: StackInput, platform: Platform) -> dict[str, SecretRef]:
    """A secret of the platform for every name that a container mounts. A secret that was generated and is given later
    keeps its place."""
    uses = (use for kind, part in components(given.stack) for use in kind.secrets(part.settings))
    parent = pulumi.ComponentResource("ha-platform:secrets:GivenSecrets", "given")
    values = {**given.secrets, **_generated(given.stack.generated_secrets, platform)}
    mounted = {}
    for name in sorted({use.name for use in uses if use.mounted}):
        scope = Scope(platform=platform, origin=Origin(root=SECRETS_KEY, key=name), parent=parent)
        mounted[name] = scope.secret(f"given-{name.replace('_', '-')}", values[name])
    parent.register_outputs({})
    return mounted


def _generated(settings: dict[str, GeneratedSecret], platform: Platform) -> dict[str, pulumi.Output[str]]:
    """The values by name, also of those that nothing mounts yet: what is made once stays the same."""
    if not settings:
        return {}
    parent = pulumi.ComponentResource("ha-platform:secrets:GeneratedSecrets", "generated")
    made = {
        name: _value(Scope(platform=platform, origin=Origin(key="generated_secrets", name=name), parent=parent), each)
        for name, each in settings.items()
    }
    parent.register_outputs({})
    return made


def _value(scope: Scope, settings: GeneratedSecret) -> pulumi.Output[str]:
    name = f"generated-{(scope.origin.name or '').replace('_', '-')}"
    if settings.form == "letters":
        return scope.password(name, length=settings.length)
    data = scope.random_bytes(name, length=settings.length)
    match settings.form:
        case "hex":
            return data.apply(lambda text: base64.b64decode(text).hex())
        case "base64url":
            return data.apply(lambda text: text.replace("+", "-").replace("/", "_"))
        case "base64":
            return data
