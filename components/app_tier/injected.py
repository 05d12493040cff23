"""What the contracts and the given secrets add to the containers of an application."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import pulumi

from components.app_tier.settings import AppTierSettings
from components.app_tier.uses import Use, each_use
from components.contracts import ClientContract, Terms
from components.facts import FactText, FactType
from components.names import short_name
from model import File, SecretRef

USES = "uses"
"""Not a field of a word: the contracts that are injected, for refusals."""

SECRETS_DIRECTORY = "/run/secrets"

MakeSecret = Callable[[str, pulumi.Output[str]], SecretRef]
"""Registers a secret under a name."""


@dataclass
class Injected:
    """Variables, variables that the launcher exports, and files."""

    env: dict[str, str] = field(default_factory=dict)
    secret_env: dict[str, SecretRef] = field(default_factory=dict)
    files: list[File] = field(default_factory=list)


def injected(
    app: str,
    settings: AppTierSettings,
    contracts: Mapping[str, ClientContract],
    given: Mapping[str, SecretRef],
    secret: MakeSecret,
) -> Injected:
    """Everything that `settings` ask for. A text that is more than a secret fact becomes a secret of the app's own."""
    found = Injected()
    for name, use in each_use(settings.uses).items():
        _inject(app, use, contracts[name], found, secret)
    for file_name, secret_name in settings.secrets.items():
        found.files.append(File(path=f"{SECRETS_DIRECTORY}/{file_name}", source=given[secret_name]))
    found.secret_env.update({variable: given[secret_name] for variable, secret_name in settings.secret_env.items()})
    return found


def _inject(app: str, use: Use, contract: ClientContract, found: Injected, secret: MakeSecret) -> None:
    types = contract.terms.facts
    texts = _texts(use, contract.terms)
    for variable, text in texts.items():
        value = contract.filled(text)
        if isinstance(value, str):
            found.env[variable] = value
            continue
        ref = contract.secrets.get(FactText(text).only or "") or secret(_secret_name(app, variable), value)
        if use.inject == "variables":
            found.secret_env[variable] = ref
            continue
        path = f"{SECRETS_DIRECTORY}/{variable.lower()}"
        found.env[f"{variable}_FILE"] = path
        found.files.append(File(path=path, source=ref))
    named = {fact for text in texts.values() for fact in FactText(text).facts}
    for fact in sorted(fact for fact in named if types[fact] is FactType.FILE):
        file = File(path=str(contract.values[fact]), source=contract.files[fact])
        if file not in found.files:  # several databases of one cluster have one
            found.files.append(file)


def _texts(use: Use, terms: Terms) -> dict[str, str]:
    """Variable -> text with facts, of the prefix and of the use's own."""
    return (terms.templates(use.prefix, use.preset) if use.prefix is not None else {}) | use.env


def _secret_name(app: str, variable: str) -> str:
    return short_name(f"{app}-{variable.lower().replace('_', '-')}", variable)


def set_twice(
    settings: AppTierSettings, contracts: Mapping[str, ClientContract], announced: Mapping[str, str]
) -> Iterator[tuple[str, str, str]]:
    """Variables that are set twice: the field of the later one, the variable, and the reason. `announced` are the
    platform's own."""
    own = {"container.env": settings.env, "container.secret_env": settings.secret_env}
    setters = dict.fromkeys(announced, "the platform")
    paths: dict[str, str | None] = {}
    for name, use in each_use(settings.uses).items():
        for variable, path in sorted(_variables(use, contracts[name]).items()):
            setter = setters.setdefault(variable, f"`{name}` in `uses`")
            same = path is not None and paths.setdefault(variable, path) == path
            if setter != f"`{name}` in `uses`" and not same:
                fix = "choose prefixes or presets that share no variable"
                yield USES, variable, f"{setter} and `{name}` both set it; {fix}"
    for field_name, variables in own.items():
        for variable in sorted(setters.keys() & set(variables)):
            yield field_name, variable, f"{setters[variable]} also sets it; rename it or change the prefix"


def _variables(use: Use, contract: ClientContract) -> dict[str, str | None]:
    """Variable -> the path of the contract's file, if that is what it says."""
    terms = contract.terms
    found: dict[str, str | None] = {}
    for name, text in _texts(use, terms).items():
        facts = FactText(text)
        whole = facts.only is not None and terms.facts[facts.only] is FactType.FILE
        found[name] = str(contract.values[facts.only or ""]) if whole else None
        if any(terms.facts[fact].secret for fact in facts.facts):
            found[f"{name}_FILE"] = None
    return found
