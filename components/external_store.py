"""A store outside the stack as a component: nothing but what its clients need."""

from collections.abc import Iterator, Mapping
from typing import Any

import pulumi

from components.context import Context
from components.contracts import ClientContract
from components.external import ExternalStore, tls_values
from components.facts import filled
from components.kind import Build, Built, SecretUse
from components.scope import Scope
from model import ConfigRef, Origin, SecretRef
from platforms.base import Platform
from settings.certificates import certificates
from settings.faults import Fault


def external_secrets(settings: object) -> Iterator[SecretUse]:
    """The given secrets of a store outside the stack; a store inside has none."""
    if not isinstance(settings, ExternalStore):
        return
    address = settings.external
    yield SecretUse("external.password", address.password, mounted=True, agreed=True)
    if address.tls and address.tls.secret:
        yield SecretUse("external.tls.ca", address.tls.secret, mounted=True, agreed=True, form=certificates)


class External(pulumi.ComponentResource):
    """A store outside the stack: its certificate and its URL, for those who use it. Output: `contract`.

    `given` are the given secrets as containers mount them, `secrets` their values.
    """

    contract: ClientContract

    def __init__(
        self,
        name: str,
        settings: ExternalStore,
        *,
        platform: Platform,
        given: Mapping[str, SecretRef],
        secrets: Mapping[str, pulumi.Output[str]],
        origin: Origin,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("ha-platform:data:External", name, None, opts)
        scope = Scope(platform=platform, origin=origin, parent=self)
        address = settings.external
        values: dict[str, pulumi.Input[str]] = {
            **settings.values(),
            "host": address.host,
            "port": str(address.port),
            "password": secrets[address.password],
        }
        values |= tls_values(name, address.tls)
        files: dict[str, SecretRef | ConfigRef] = {}
        if address.tls and address.tls.ca is not None:
            held = address.tls.secret
            files["ca_file"] = given[held] if held else scope.config_file(f"{name}-ca", address.tls.ca)
        terms = settings.terms()
        values["url"] = filled(settings.url(), values, terms.facts)
        self.contract = ClientContract(
            terms=terms,
            values=values,
            secrets={"url": scope.secret(f"{name}-url", values["url"]), "password": given[address.password]},
            files=files,
            outside=(address.outside,),
        )
        self.register_outputs({"host": address.host})


def build_external(build: Build[Any]) -> Built:
    """As a kind builds it."""
    store = External(
        build.name,
        build.settings,
        platform=build.platform,
        given=build.given,
        secrets=build.values,
        origin=build.origin,
    )
    return Built(contract=store.contract)


def externals_are_encrypted(context: Context, key: str) -> Iterator[Fault]:
    """Passwords and data of a store outside the stack cross networks that the stack does not know."""
    for name, settings in context.parts(key).items():
        if isinstance(settings, ExternalStore) and settings.external.tls is None:
            yield Fault(
                path=str(Origin(key=key, name=name).at("external")),
                rule="is reached without encryption, and so are the passwords",
                fix="Write `tls: {ca: ...}` if the server has TLS.",
            )
