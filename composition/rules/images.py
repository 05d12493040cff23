"""Images are pinned, and plain variables hold no secrets."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from pydantic import TypeAdapter, ValidationError

from composition.rules.context import ROOT, Context
from settings.faults import Fault
from settings.images import ImagesSettings
from settings.types import ImageRef

_REF = TypeAdapter(ImageRef)
_SECRET_NAME = re.compile(r"(PASSWORD|PASSWD|SECRET|TOKEN|API_KEY|PRIVATE_KEY|CREDENTIALS?|DSN)$")
_URL_WITH_PASSWORD = re.compile(r"[a-z][a-z0-9+.-]*://[^/\s:@]*:[^/\s@]+@")


class _Need(NamedTuple):
    """A component's image: what needs it, and whether it keeps data."""

    image: str
    path: str
    keeps_data: bool = False


def app_images_are_pinned(context: Context) -> Iterator[Fault]:
    """An application's image is a pin's name or a reference with a tag or digest, and not `latest`."""
    images = context.images
    if images is None:
        return
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
                    fix=f"Give it by `{context.give_secret}{variable.lower()}` and name it under `secrets` or "
                    "`secret_env`.",
                )


def platform_images_exist(context: Context) -> Iterator[Fault]:
    """Every component's image is in the chosen source, with a data directory where it keeps data."""
    images = context.images
    if images is None:
        return
    faults = (_image_fault(images, need) for need in _needed(context))
    yield from dict.fromkeys(fault for fault in faults if fault)


def _image_fault(images: ImagesSettings, need: _Need) -> Fault | None:
    pin = images.pin(need.image)
    if pin is None:
        return Fault(
            path=f"{ROOT}.{need.path}",
            rule=f"needs the image `{need.image}`, which the source `{images.source}` does not have",
            fix=f"Pin it under images.override.{need.image}, or choose another images.source.",
        )
    if need.keeps_data and pin.data_dir is None:
        return Fault(
            path=f"{ROOT}.images.override.{need.image}.data_dir",
            rule="is required for an image that keeps data",
            fix="Name the directory that the image's uid owns.",
        )
    return None


def _needed(context: Context) -> Iterator[_Need]:
    for name in context.names("balancers"):
        yield _Need("haproxy", f"balancers.{name}")
    for name in context.names("databases"):
        yield _Need("haproxy", f"databases.{name}")
        yield _Need("postgres", f"databases.{name}", keeps_data=True)
        yield _Need("etcd", f"databases.{name}", keeps_data=True)
    for name in context.names("caches"):
        yield _Need("redis", f"caches.{name}", keeps_data=True)
        yield _Need("redis-exporter", f"caches.{name}")
    if monitoring := context.stack.monitoring:
        yield _Need("prometheus", "monitoring.prometheus", keeps_data=True)
        yield _Need("alertmanager", "monitoring.alertmanager", keeps_data=True)
        if monitoring.node_exporter:
            yield _Need("node-exporter", "monitoring.node_exporter")
        if monitoring.grafana:
            yield _Need("grafana", "monitoring.grafana", keeps_data=True)


RULES = (app_images_are_pinned, env_holds_no_secrets, platform_images_exist)
