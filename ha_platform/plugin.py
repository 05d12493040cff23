"""The components as a Pulumi plugin, for programs in TypeScript, Go, YAML and other languages.

Pulumi reads the interface from annotations: `args` of a constructor, and the class's own for its outputs. A program in
another language cannot hand over a platform, so there the platform is a part of the arguments. All components of a
program have the same one, and this process makes it once.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import pulumi
from pulumi.provider.experimental import component_provider_host

from ha_platform.components import COMPONENTS
from ha_platform.platforms import Kubernetes, Swarm
from settings.faults import BrokenStack, Fault

NAME = "ha-platform"
VERSION = "0.1.0"
_KINDS: Mapping[str, Any] = {"swarm": Swarm, "kubernetes": Kubernetes}


class _Shared(NamedTuple):
    """The platform of a program, and what it was made from."""

    said: Mapping[str, Any]
    platform: Swarm | Kubernetes


_SHARED: dict[tuple[str, str, bool], _Shared] = {}
"""By project, stack, and whether it is a preview."""


def plugged(component: type[pulumi.ComponentResource]) -> type[pulumi.ComponentResource]:
    """The component with its platform among its arguments, where it is required."""
    args = component.__init__.__annotations__["args"]
    args = args.__args__[0] if hasattr(args, "__args__") else args
    args.__optional_keys__ = args.__optional_keys__ - {"platform"}

    def build(self: Any, name: str, args: Mapping[str, Any], opts: pulumi.ResourceOptions | None = None) -> None:
        title = f"{component.__name__} {name}"
        said = _whole(args)
        try:
            platform = _platform(title, name, said.pop("platform"))
            if isinstance(said.get("given"), pulumi.Output):
                rule = "must be a map that is known before the update; its values may be secrets and outputs"
                raise BrokenStack(title, [Fault(path=f"{name}.given", rule=rule)])
            component.__init__(self, name, said, opts, platform=platform)  # type: ignore[call-arg, arg-type]
        except BrokenStack as broken:
            raise broken.with_traceback(None) from None  # the engine shows what is left of the traceback

    build.__annotations__["args"] = args
    own = {
        "__doc__": component.__doc__,
        "__module__": component.__module__,
        "__annotations__": component.__annotations__,
    }
    return type(component.__name__, (component,), {"__init__": build, **own})


def _platform(title: str, name: str, said: Mapping[str, Any]) -> Swarm | Kubernetes:
    """The program's platform, made for its first component."""
    key = (pulumi.get_project(), pulumi.get_stack(), pulumi.runtime.is_dry_run())
    if key in _SHARED:
        if _SHARED[key].said != said:
            rule = "is not the platform of the program's other components"
            raise BrokenStack(title, [Fault(path=f"{name}.platform", rule=rule, fix="Give all of them the same.")])
        return _SHARED[key].platform
    chosen = [kind for kind in _KINDS if kind in said]
    if len(chosen) != 1:
        raise BrokenStack(title, [Fault(path=f"{name}.platform", rule="needs one of `swarm` and `kubernetes`")])
    (kind,) = chosen
    platform: Swarm | Kubernetes = _KINDS[kind](
        said.get("name", pulumi.get_project()),
        said[kind],
        images=said.get("images"),
        data=said.get("data", "keep"),
    )
    _SHARED[key] = _Shared(said, platform)
    return platform


def _whole(value: Any) -> Any:
    """The value with whole numbers as such: on the wire all are fractions."""
    if isinstance(value, Mapping):
        return {key: _whole(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_whole(each) for each in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def plugins() -> list[type[pulumi.ComponentResource]]:
    """The components as the plugin offers them."""
    return [plugged(component) for component in COMPONENTS]


def main() -> None:
    """Serve the engine that started this process."""
    component_provider_host(plugins(), NAME, version=VERSION)
