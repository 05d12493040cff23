"""The containers of an application tier: the service's, and the one that migrates."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from components.app_tier.injected import Injected
from components.app_tier.settings import AppTierSettings
from components.sizes import PRESETS
from model import ConfigRef, Container, File, Image, Resources, Security, SharedMount, Stop

NOT_SECRET = "HA_PLAIN_TEXTS"
"""The variable that names what `not_secret` excepts, for policies: they see what is rendered and no stack file."""

STOP_MARGIN_SECONDS = 5
"""Between the end of the longest request and the kill, for the process to close its connections."""

GIVE_BACK_SECONDS = 15
"""The same for a worker that gives tasks back: it ends their processes first, which took 4 s on a busy machine."""


class AppContainer:
    """Builds both containers from the same settings, so that a migration sees what the application sees."""

    def __init__(
        self,
        settings: AppTierSettings,
        *,
        image: Image,
        injected: Injected,
        files: Mapping[str, ConfigRef],
        programs: Sequence[File] = (),
        shared: Sequence[SharedMount],
    ) -> None:
        configured = (File(path=path, source=source, alone=True) for path, source in files.items())
        self._programs = tuple(programs)
        self._base = Container(
            image=image,
            command=settings.command or (),
            args=settings.args,
            env=announced(settings) | injected.env | settings.env,
            secret_env=injected.secret_env,
            files=(*injected.files, *configured),
            scratch=settings.scratch(),
            shared=tuple(shared),
            shm_bytes=settings.shm,
            resources=resources(settings),
            devices=settings.devices,
            security=Security(
                read_only_root=settings.security.read_only_root,
                capabilities=settings.security.capabilities,
                allow_root=settings.security.allow_root,
            ),
            stop=Stop(grace_seconds=grace_seconds(settings)),
        )

    def service(self) -> Container:
        """The container of a replica, with the platform's own programs."""
        return replace(self._base, files=(*self._base.files, *self._programs))

    def scheduled(self, command: tuple[str, ...], own: Resources) -> Container:
        """The same as for a migration, with resources of its own."""
        return replace(self.migration(command), resources=own)

    def migration(self, command: tuple[str, ...]) -> Container:
        """The same image, variables and secrets, running `command`; devices are for replicas."""
        return replace(self._base, command=command, args=(), devices={}, stop=Stop())


def grace_seconds(settings: AppTierSettings) -> int:
    """From the signal to the kill."""
    return settings.longest_request + (GIVE_BACK_SECONDS if settings.celery else STOP_MARGIN_SECONDS)


def announced(settings: AppTierSettings) -> dict[str, str]:
    """What the platform itself tells the process, and whoever looks at it."""
    said = {"GRACE_SECONDS": str(settings.longest_request)}
    if settings.not_secret:
        said[NOT_SECRET] = ",".join(settings.not_secret)
    return said


def resources(settings: AppTierSettings) -> Resources:
    """Own resources, or the preset."""
    return settings.resources.resources() if settings.resources else PRESETS[settings.size or "small"]
