"""Repositories of backups as a kind of component."""

from collections.abc import Iterator

import pulumi

from components.kind import Build, Built, Gives, Kind, SecretUse
from components.repository.component import Repository
from components.repository.rules import RULES
from components.repository.settings import RepositorySettings


def _build(build: Build[RepositorySettings]) -> Built:
    repository = Repository(
        build.name, build.settings, platform=build.platform, secrets=build.values, origin=build.origin
    )
    contract = repository.contract
    return Built(repository=contract, outputs={"passphrase": pulumi.Output.secret(contract.passphrase)})


def _secrets(settings: RepositorySettings) -> Iterator[SecretUse]:
    s3 = settings.s3
    yield SecretUse("s3.key", s3.key, agreed=True)
    yield SecretUse("s3.secret", s3.secret, agreed=True)
    if s3.ca_secret:
        yield SecretUse("s3.ca", s3.ca_secret, agreed=True, certificate=True)
    if settings.passphrase:
        yield SecretUse("passphrase", settings.passphrase, agreed=True)


REPOSITORIES = Kind(
    key="repositories",
    build=_build,
    gives=frozenset({Gives.REPOSITORY}),
    secrets=_secrets,
    rules=RULES,
)
