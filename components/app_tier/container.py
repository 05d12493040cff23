"""The containers of an application tier: the service's, and the one that migrates."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from components.app_tier.settings import AppTierSettings
from components.contracts import ClientContract
from components.sizes import PRESETS
from model import Container, File, Image, Resources, SecretRef, Security, Stop

SECRETS_DIRECTORY = "/run/secrets"
STOP_MARGIN_SECONDS = 5
"""Between the end of the longest request and the kill, for the process to close its connections."""


@dataclass
class _Injected:
    """What the contracts and the given secrets add to the container."""

    env: dict[str, str] = field(default_factory=dict)
    secret_env: dict[str, SecretRef] = field(default_factory=dict)
    files: list[File] = field(default_factory=list)


class AppContainer:
    """Builds both containers from the same settings, so that a migration sees what the application sees."""

    def __init__(
        self,
        settings: AppTierSettings,
        *,
        image: Image,
        contracts: Mapping[str, ClientContract],
        given: Mapping[str, SecretRef],
    ) -> None:
        self._settings = settings
        injected = _inject(settings, contracts, given)
        self._base = Container(
            image=image,
            command=settings.command or (),
            args=settings.args,
            env={"GRACE_SECONDS": str(settings.longest_request)} | injected.env | settings.env,
            secret_env=injected.secret_env,
            files=tuple(injected.files),
            scratch=settings.scratch(),
            shm_bytes=settings.shm,
            resources=resources(settings),
            security=Security(
                read_only_root=settings.security.read_only_root,
                capabilities=settings.security.capabilities,
            ),
            stop=Stop(grace_seconds=settings.longest_request + STOP_MARGIN_SECONDS),
        )

    def service(self) -> Container:
        """The container of a replica."""
        return self._base

    def migration(self, command: tuple[str, ...]) -> Container:
        """The same image, variables and secrets, running `command`."""
        return replace(self._base, command=command, args=(), stop=Stop())


def resources(settings: AppTierSettings) -> Resources:
    """Own resources, or the preset."""
    return settings.resources.resources() if settings.resources else PRESETS[settings.size or "small"]


def _inject(
    settings: AppTierSettings, contracts: Mapping[str, ClientContract], given: Mapping[str, SecretRef]
) -> _Injected:
    injected = _Injected()
    for prefix, contract in contracts.items():
        injected.env.update({f"{prefix}_{key}": value for key, value in contract.settings.items()})
        for key, secret in contract.secrets.items():
            variable = f"{prefix}_{key}"
            if settings.uses.inject == "variables":
                injected.secret_env[variable] = secret
                continue
            path = f"{SECRETS_DIRECTORY}/{variable.lower()}"
            injected.env[f"{variable}_FILE"] = path
            injected.files.append(File(path=path, source=secret))
    for file_name, secret_name in settings.secrets.items():
        injected.files.append(File(path=f"{SECRETS_DIRECTORY}/{file_name}", source=given[secret_name]))
    injected.secret_env.update({variable: given[secret_name] for variable, secret_name in settings.secret_env.items()})
    return injected
