"""Images are pinned, and plain variables hold no secrets."""

import re
from collections.abc import Iterator

from pydantic import TypeAdapter, ValidationError

from composition.rules.context import ROOT, Context
from settings.faults import Fault
from settings.types import ImageRef

_REF = TypeAdapter(ImageRef)
_SECRET_NAME = re.compile(r"(PASSWORD|PASSWD|SECRET|TOKEN|API_KEY|PRIVATE_KEY|CREDENTIALS?|DSN)$")
_URL_WITH_PASSWORD = re.compile(r"[a-z][a-z0-9+.-]*://[^/\s:@]*:[^/\s@]+@")


def app_images_are_pinned(context: Context) -> Iterator[Fault]:
    """An application's image is a pin's name or a reference with a tag or digest, and not `latest`."""
    images = context.stack.images
    for app, settings in context.stack.apps.items():
        path = f"{ROOT}.apps.{app}.image"
        if images.pin(settings.image):
            continue
        try:
            _REF.validate_python(settings.image)
        except ValidationError:
            known = ", ".join(images.names())
            yield Fault(
                path=path,
                rule="is neither a reference with a tag or digest nor a pinned image",
                got=repr(settings.image),
                fix=f"Write `registry/repository:tag`; pinned in source `{images.source}`: {known}.",
            )
            continue
        if settings.image.endswith(":latest"):
            yield Fault(path=path, rule="`latest` is not a version", got=repr(settings.image), fix="Name a tag.")


def env_holds_no_secrets(context: Context) -> Iterator[Fault]:
    """Variables are visible to everybody who may inspect a service or pod."""
    for app, settings in context.stack.apps.items():
        for variable, value in settings.env.items():
            if (_SECRET_NAME.search(variable) and value) or _URL_WITH_PASSWORD.search(value):
                yield Fault(
                    path=f"{ROOT}.apps.{app}.env.{variable}",
                    rule="looks like a secret, and plain variables can be read by inspecting the service",
                    fix="Give it by `make secret` and name it under `secrets` or `secret_env`.",
                )


def platform_images_exist(context: Context) -> Iterator[Fault]:
    """Every component's image is in the chosen source, with a data directory where it keeps data."""
    images = context.stack.images
    for name, (path, keeps_data) in _needed(context).items():
        pin = images.pin(name)
        if pin is None:
            yield Fault(
                path=f"{ROOT}.{path}",
                rule=f"needs the image `{name}`, which the source `{images.source}` does not have",
                fix=f"Pin it under images.override.{name}, or choose another images.source.",
            )
        elif keeps_data and pin.data_dir is None:
            yield Fault(
                path=f"{ROOT}.images.override.{name}.data_dir",
                rule="is required for an image that keeps data",
                fix="Name the directory that the image's uid owns.",
            )


def _needed(context: Context) -> dict[str, tuple[str, bool]]:
    """Image name -> the settings that need it, and whether it keeps data."""
    stack = context.stack
    needed: dict[str, tuple[str, bool]] = {}
    for name in stack.balancers:
        needed.setdefault("haproxy", (f"balancers.{name}", False))
    for name in stack.databases:
        needed.setdefault("haproxy", (f"databases.{name}", False))
        needed.setdefault("postgres", (f"databases.{name}", True))
        needed.setdefault("etcd", (f"databases.{name}", True))
    for name in stack.caches:
        needed.setdefault("redis", (f"caches.{name}", True))
        needed.setdefault("redis-exporter", (f"caches.{name}", False))
    if stack.monitoring:
        needed["prometheus"] = ("monitoring.prometheus", True)
        needed["alertmanager"] = ("monitoring.alertmanager", True)
        if stack.monitoring.node_exporter:
            needed["node-exporter"] = ("monitoring.node_exporter", False)
        if stack.monitoring.grafana:
            needed["grafana"] = ("monitoring.grafana", True)
    return needed


RULES = (app_images_are_pinned, env_holds_no_secrets, platform_images_exist)
