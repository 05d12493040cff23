"""The containers of an application tier: the service's, and the one that migrates."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from components.app_tier.settings import AppTierSettings
from components.app_tier.uses import each_use
from components.contracts import ClientContract
from components.sizes import PRESETS
from model import Container, File, Image, Resources, SecretRef, Security, Stop

SECRETS_DIRECTORY = "/run/secrets"
NOT_SECRET = "HA_PLAIN_TEXTS"
"""The variable that names what `not_secret` excepts, for policies: they see what is rendered and no stack file."""
USES = "uses"
"""Not a field of a word: the contracts that are injected, for refusals."""

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
            env=_announced(settings) | injected.env | settings.env,
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


def _announced(settings: AppTierSettings) -> dict[str, str]:
    """What the platform itself tells the process, and whoever looks at it."""
    announced = {"GRACE_SECONDS": str(settings.longest_request)}
    if settings.not_secret:
        announced[NOT_SECRET] = ",".join(settings.not_secret)
    return announced


def resources(settings: AppTierSettings) -> Resources:
    """Own resources, or the preset."""
    return settings.resources.resources() if settings.resources else PRESETS[settings.size or "small"]


def _inject(
    settings: AppTierSettings, contracts: Mapping[str, ClientContract], given: Mapping[str, SecretRef]
) -> _Injected:
    injected = _Injected()
    for name, use in each_use(settings.uses).items():
        contract = contracts[name]
        injected.env.update({f"{use.prefix}_{key}": value for key, value in contract.settings.items()})
        for key, secret in contract.secrets.items():
            variable = f"{use.prefix}_{key}"
            if use.inject == "variables":
                injected.secret_env[variable] = secret
                continue
            path = f"{SECRETS_DIRECTORY}/{variable.lower()}"
            injected.env[f"{variable}_FILE"] = path
            injected.files.append(File(path=path, source=secret))
    for file_name, secret_name in settings.secrets.items():
        injected.files.append(File(path=f"{SECRETS_DIRECTORY}/{file_name}", source=given[secret_name]))
    injected.secret_env.update({variable: given[secret_name] for variable, secret_name in settings.secret_env.items()})
    return injected


def clashes(settings: AppTierSettings, contracts: Mapping[str, ClientContract]) -> Iterator[tuple[str, str, str]]:
    """Variables that are set twice: the field of the later one, the variable, and the reason."""
    own = {"container.env": settings.env, "container.secret_env": settings.secret_env}
    setters = dict.fromkeys(_announced(settings), "the platform")
    for name, use in each_use(settings.uses).items():
        contract = contracts[name]
        injected = {f"{use.prefix}_{key}" for key in (*contract.settings, *contract.secrets)}
        injected |= {f"{use.prefix}_{key}_FILE" for key in contract.secrets}
        for variable in sorted(injected):
            setter = setters.setdefault(variable, f"`{name}` in `uses`")
            if setter != f"`{name}` in `uses`":
                yield USES, variable, f"{setter} and `{name}` both set it; choose prefixes that share no variable"
    for field_name, variables in own.items():
        for variable in sorted(setters.keys() & set(variables)):
            yield field_name, variable, f"{setters[variable]} also sets it; rename it or change the prefix"
