"""What a program has built on one platform: a stack that grows by a component at a time.

Every constructor is judged as the stack file of the same system would be: the settings, the rules across components,
and what the platform refuses. Only then is anything registered.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pulumi

from components.context import Context
from components.external import ExternalStore
from components.images import Images
from components.kind import Build, Built, Kind
from components.scope import Scope
from composition.read import check
from composition.refusals import refusal_faults
from composition.rules import advice
from composition.stack import Stack
from model import ROOT, Origin
from platforms.base import Platform, Unsupported
from platforms.table import make_platform
from settings.faults import BrokenStack, Fault

Values = Mapping[str, pulumi.Input[str]]

_STACK_NAME = re.compile(r"[a-z]([a-z0-9-]*[a-z0-9])?")
_FIRST = "What it names is constructed first; in other languages, name that in `dependsOn`."


@dataclass(frozen=True, kw_only=True)
class Ground:
    """A platform that was refused nothing and is not made yet. `said` is what a stack file would say of it."""

    name: str
    stack_name: str
    said: Mapping[str, Any]
    checked: Stack


def ground(title: str, name: str, said: Mapping[str, Any]) -> Ground:
    """Judge a platform. Raises BrokenStack with everything that is wrong with it.

    Everything on the cluster is named `<name>-<stack>-...`: two stacks of a program can share a cluster.
    """
    stack_name = f"{name}-{pulumi.get_stack()}"
    faults = [] if _STACK_NAME.fullmatch(stack_name) else [_bad_name(stack_name)]
    checked = _checked(title, name, f"{ROOT}.platform", said, frozenset(), faults)
    return Ground(name=name, stack_name=stack_name, said=said, checked=checked)


class Site:
    """One platform, and what stands on it. What components share is `within` a resource of the program."""

    def __init__(self, ground: Ground, within: pulumi.Resource) -> None:
        self.platform = make_platform(
            ground.checked.platform,
            stack=ground.stack_name,
            data=ground.checked.data,
            within=within,
            prefix=f"{ground.name}-",
            ask_hosts=True,
        )
        self._said: Mapping[str, Any] = ground.said
        self._given: Mapping[str, pulumi.Output[str]] = {}
        self._built: dict[str, Built] = {}
        self._watched_by: str | None = None

    def admit(
        self, title: str, kind: Kind[Any], name: str, args: Mapping[str, Any], given: Values
    ) -> Callable[[pulumi.Resource], Built]:
        """Judge a component. Raises BrokenStack with everything that is wrong with it.

        Returns what builds it: a function of the resource of the program that stands for it.
        """
        place = Origin(key=kind.key, name=None if kind.single else name)
        said = {**self._said, kind.key: args if kind.single else {**self._said.get(kind.key, {}), name: args}}
        values = {**self._given, **{key: pulumi.Output.secret(value) for key, value in given.items()}}
        names = frozenset(values)
        checked = _checked(title, name, str(place), said, names, [*self._out_of_turn(place, name)])
        part = next(part for part in kind.parts(checked) if part.origin == place)
        if isinstance(part.settings, ExternalStore):
            fix = "Give its address to the application in `env` and its password by `given`."
            raise BrokenStack(
                title, [Fault(path=f"{name}.external", rule="is for stack files: it builds nothing", fix=fix)]
            )
        mounted = sorted({use.name for use in kind.secrets(part.settings) if use.mounted})

        def build(platform: Platform, stands: pulumi.Resource) -> Built:
            scope = Scope(platform=platform, origin=place, parent=stands)
            return kind.build(
                Build(
                    name=name,
                    settings=part.settings,
                    origin=place,
                    platform=platform.lend(stands),
                    images=Images(checked.images),
                    built={**self._built, name: Built(contract=kind.promise(part, platform))},
                    given={key: scope.secret(f"{name}-given-{key.replace('_', '-')}", values[key]) for key in mounted},
                    values=values,
                )
            )

        def registered(stands: pulumi.Resource) -> Built:
            for advised in advice(Context(stack=checked, secret_names=names)):
                if advised.path.startswith(str(place)):
                    pulumi.log.warn(str(_moved(advised, str(place), name)))
            built = build(self.platform, stands)
            self._said, self._given, self._built[name] = said, values, built
            self._built |= {f"{name}/{key}": Built(contract=each) for key, each in built.further.items()}
            if kind.single:
                self._watched_by = name
            return built

        rehearsal = self.platform.rehearsal()
        try:
            with rehearsal.gathering():
                rotates = build(rehearsal, pulumi.Resource.__new__(pulumi.Resource)).retire is not None
        except Unsupported as unsupported:
            faults = refusal_faults(unsupported.refusals)
            raise BrokenStack(title, [_moved(fault, str(place), name) for fault in faults]) from None
        if rotates:
            fix = "Leave it out."
            rule = "is for stack files: it ends when every client has the new password, and they are constructed later"
            raise BrokenStack(title, [Fault(path=f"{name}.rotate", rule=rule, fix=fix)])
        return registered

    def _out_of_turn(self, place: Origin, name: str) -> Sequence[Fault]:
        """A name that is taken, and a component that comes after the monitoring of its platform."""
        faults = []
        if name in self._built:
            faults.append(
                Fault(path=str(place), rule="another component of this platform has the name", fix="Rename it.")
            )
        if self._watched_by:
            rule = f"comes after `{self._watched_by}`, which monitors only what was constructed before it"
            fix = f"Construct it first; in other languages, name it in the `dependsOn` of `{self._watched_by}`."
            faults.append(Fault(path=str(place), rule=rule, fix=fix))
        return faults


def _bad_name(stack_name: str) -> Fault:
    return Fault(
        path=f"{ROOT}.platform.name",
        rule="with the stack's name, must be lower-case letters, digits and `-`: names on the cluster begin with it",
        got=repr(stack_name),
        fix="Choose another name, or rename the stack.",
    )


def _checked(
    title: str, name: str, place: str, said: Mapping[str, Any], given: frozenset[str], faults: Sequence[Fault]
) -> Stack:
    """The stack, or its faults by the component's name."""
    try:
        return check(said, source=title, secret_names=given, give_secret="given.", faults=faults)
    except BrokenStack as broken:
        unjudged = [part for part in broken.unjudged if f"{ROOT}.{part}" != place]
        raise BrokenStack(title, [_moved(one, place, name) for one in broken.faults], unjudged=unjudged) from None


def _moved(fault: Fault, place: str, name: str) -> Fault:
    """The fault as the program's author sees it: there is no stack file, and `place` is the component `name`."""
    below = fault.path.removeprefix(place)
    path = name + below if below != fault.path and below[:1] in ("", ".", "[") else fault.path.removeprefix(f"{ROOT}.")
    fix = f"{fault.fix or ''} {_FIRST}".strip() if fault.rule.startswith("names no ") else fault.fix
    return replace(fault, path=path, fix=fix)
