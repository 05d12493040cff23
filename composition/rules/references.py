"""What a setting names must exist."""

import difflib
from collections.abc import Iterator
from typing import Any

from components.context import Context
from components.kind import Gives, Kind, Reference, SecretUse
from composition.kinds import KINDS, components
from model import Origin
from settings.faults import Fault

GENERATED = "generated_secrets"


def components_name_what_exists(context: Context) -> Iterator[Fault]:
    """A component that another one names is in the stack, and gives what it is named for."""
    for kind, part in components(context.stack):
        for reference in kind.uses(part.settings):
            yield from _missing(context, reference, part.origin)


def _missing(context: Context, reference: Reference, origin: Origin) -> Iterator[Fault]:
    giving = [kind for kind in KINDS if reference.gives in kind.gives]
    names = sorted(name for kind in giving for name in _names(context, kind, reference))
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
    if others and reference.gives is Gives.VOLUME:
        rule += f" but a {others[0]}: what a member has on a volume of its own is its own, and nobody else mounts it"
    yield Fault(path=str(origin.at(reference.key)), rule=rule, got=repr(reference.name), fix=fix)


def _names(context: Context, kind: Kind[Any], reference: Reference) -> Iterator[str]:
    """Of components, and of their further contracts. A broken component may have the one that is named."""
    first = reference.name.partition("/")[0]
    yield from context.names(kind.key)
    if reference.gives is Gives.CONTRACT:
        yield from (f"{part.name}/{key}" for part in kind.parts(context.stack) for key in kind.further(part.settings))
        if first in context.names(kind.key) and first not in context.parts(kind.key):
            yield reference.name


def secrets_are_given(context: Context) -> Iterator[Fault]:
    """Secrets that are mounted were given or are generated, and all others were given. One fault for each that was
    not, at its first use."""
    if context.secret_names is None or not context.knows(GENERATED):
        return
    generated = context.names(GENERATED)
    uses: dict[str, list[Origin]] = {}
    for use, origin in _secret_uses(context):
        if use.name in generated and (use.agreed or not use.mounted):
            yield Fault(
                path=str(origin),
                rule="names a generated secret, and what is needed here is known to somebody else",
                got=repr(use.name),
                fix=f"Name a given one: `{context.give_secret}<name>`.",
            )
        elif use.name not in context.secret_names and use.name not in generated:
            uses.setdefault(use.name, []).append(origin)
    for name, (first, *others) in uses.items():
        also = f" Also named by {', '.join(other.path for other in others)}." if others else ""
        yield Fault(
            path=str(first),
            rule="names a secret that was not given",
            got=repr(name),
            fix=f"Set it: `{context.give_secret}{name}`.{also}",
        )


def secrets_have_their_form(context: Context) -> Iterator[Fault]:
    """A given secret that must be a certificate or a key is one, where its value is known."""
    for kind, part in components(context.stack):
        for use in kind.secrets(part.settings):
            value = context.secret_values.get(use.name)
            if not isinstance(value, str):
                continue
            try:
                use.form(value)
            except ValueError as error:
                yield Fault(
                    path=str(part.origin.at(use.key)),
                    rule=f"names a secret that {error}",
                    got=repr(use.name),
                    fix=f"Set it again: `{context.give_secret}{use.name}`.",
                )


def _secret_uses(context: Context) -> Iterator[tuple[SecretUse, Origin]]:
    if images := context.images:
        for host, login in images.registries.items():
            use = SecretUse("password_secret", login.password_secret)
            yield use, Origin(key="images").at("registries", host, use.key)
    for kind, part in components(context.stack):
        for use in kind.secrets(part.settings):
            yield use, part.origin.at(use.key)


def secrets_have_one_source(context: Context) -> Iterator[Fault]:
    """A secret is given or generated, not both."""
    for name in context.names(GENERATED):
        if context.secret_names and name in context.secret_names:
            yield Fault(
                path=str(Origin(key=GENERATED, name=name)),
                rule="was also given, under `ha-platform:secrets`",
                fix="Remove it there or here, or rename one of them.",
            )


RULES = (components_name_what_exists, secrets_are_given, secrets_have_one_source, secrets_have_their_form)
