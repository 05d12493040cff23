"""Where repositories are, as pgBackRest is told, and what containers need to reach them."""

from collections.abc import Iterable, Mapping, Sequence

import pulumi

from components.contracts import BackupRepository
from model import Outside, SharedMount


def repository_options(
    number: int, repository: BackupRepository, directory: str
) -> tuple[list[str], dict[str, pulumi.Output[str]]]:
    """Lines that tell pgBackRest where a repository is, and by option what is secret; its files are in the
    `directory`."""
    files = {option: f"{directory}/{_file(number, name)}" for option, (name, _) in repository.files.items()}
    options = {**repository.options, "cipher-type": "aes-256-cbc", **files}
    held = {**repository.secrets, "cipher-pass": repository.passphrase}
    return (
        [f"repo{number}-{key}={value}" for key, value in options.items()],
        {f"repo{number}-{key}": value for key, value in held.items()},
    )


def configuration(
    before: Sequence[str], held: Mapping[str, pulumi.Output[str]], after: Sequence[str] = ()
) -> pulumi.Output[str]:
    """The text of a configuration: what is secret stands between the lines."""
    return pulumi.Output.all(**held).apply(
        lambda values: "\n".join([*before, *(f"{key}={value.strip()}" for key, value in values.items()), *after, ""])
    )


def repository_files(repositories: Iterable[BackupRepository]) -> dict[str, pulumi.Input[str]]:
    """The secret files of repositories with the numbers from 1 on: name -> text."""
    return {
        _file(number, name): text
        for number, repository in enumerate(repositories, start=1)
        for name, text in repository.files.values()
    }


def outside(repositories: Iterable[BackupRepository]) -> tuple[Outside, ...]:
    """Where those who use these repositories connect to."""
    return tuple(dict.fromkeys(one for repository in repositories for one in repository.outside))


def shared(repositories: Iterable[BackupRepository]) -> tuple[SharedMount, ...]:
    """What those who use these repositories mount."""
    return tuple({mount.path: mount for repository in repositories for mount in repository.shared}.values())


def awaited(repositories: Iterable[BackupRepository]) -> tuple[pulumi.Resource, ...]:
    """What must be there before that."""
    return tuple(resource for mount in shared(repositories) for resource in mount.source.resources)


def _file(number: int, name: str) -> str:
    return f"repo{number}-{name}"
