"""Repositories of backups as a kind of component."""

from collections.abc import Iterator

import pulumi

from components.kind import Build, Built, Gives, Kind, Reference, SecretUse
from components.repository.component import Repository
from components.repository.rules import RULES
from components.repository.settings import RepositorySettings


def _build(build: Build[RepositorySettings]) -> Built:
    volume = build.settings.volume
    mounted = build.built[volume.name].volume if volume else None
    repository = Repository(
        build.name,
        build.settings,
        platform=build.platform,
        secrets=build.values,
        volumes={volume.name: mounted} if volume and mounted else {},
        origin=build.origin,
    )
    contract = repository.contract
    return Built(repository=contract, outputs={"passphrase": pulumi.Output.secret(contract.passphrase)})


def _secrets(settings: RepositorySettings) -> Iterator[SecretUse]:
    for use in settings.store.secret_uses():
        yield use._replace(key=f"{settings.key}.{use.key}")
    if settings.passphrase:
        yield SecretUse("passphrase", settings.passphrase, agreed=True)


def _uses(settings: RepositorySettings) -> Iterator[Reference]:
    if settings.volume:
        yield Reference("volume.name", settings.volume.name, Gives.VOLUME)


REPOSITORIES = Kind(
    key="repositories",
    build=_build,
    gives=frozenset({Gives.REPOSITORY}),
    uses=_uses,
    secrets=_secrets,
    rules=RULES,
)
