"""What a setting names must exist."""

import difflib
from collections.abc import Iterator

from components.context import Context
from components.kind import Gives, Reference
from composition.kinds import KINDS, components
from model import Origin
from settings.faults import Fault


def components_name_what_exists(context: Context) -> Iterator[Fault]:
    """A component that another one names is in the stack, and gives what it is named for."""
    for kind, part in components(context.stack):
        for reference in kind.uses(part.settings):
            yield from _missing(context, reference, part.origin)


def _missing(context: Context, reference: Reference, origin: Origin) -> Iterator[Fault]:
    giving = [kind for kind in KINDS if reference.gives in kind.gives]
    names = sorted(name for kind in giving for name in context.names(kind.key))
    if reference.name in names or not all(context.knows(kind.key) for kind in giving):
        return
    nouns = " or ".join(kind.noun for kind in giving)
    close = difflib.get_close_matches(reference.name, names, n=1, cutoff=0.5)
    if close:
        fix = f"Did you mean `{close[0]}`?"
    else:
        fix = f"Known here: {', '.join(names)}." if names else f"The stack has no {nouns}."
    rule = f"names no {nouns} of this stack"
    others = [kind.noun for kind in KINDS if not kind.single and reference.name in context.names(kind.key)]
    if others and reference.gives is Gives.BACKEND:
        rule += f" but a {others[0]}: a balancer reaches applications alone"
    yield Fault(path=str(origin.at(reference.key)), rule=rule, got=repr(reference.name), fix=fix)


def secrets_are_given(context: Context) -> Iterator[Fault]:
    """Given secrets were given. One fault for each that was not, at its first use."""
    if context.secret_names is None:
        return
    uses: dict[str, list[Origin]] = {}
    for name, origin in _secret_uses(context):
        if name not in context.secret_names:
            uses.setdefault(name, []).append(origin)
    for name, (first, *others) in uses.items():
        also = f" Also named by {', '.join(other.path for other in others)}." if others else ""
        yield Fault(
            path=str(first),
            rule="names a secret that was not given",
            got=repr(name),
            fix=f"Set it: `{context.give_secret}{name}`.{also}",
        )


def _secret_uses(context: Context) -> Iterator[tuple[str, Origin]]:
    if images := context.images:
        for host, login in images.registries.items():
            yield login.password_secret, Origin(key="images").at("registries", host, "password_secret")
    for kind, part in components(context.stack):
        for use in kind.secrets(part.settings):
            yield use.name, part.origin.at(use.key)


RULES = (components_name_what_exists, secrets_are_given)
