"""Every component's image is pinned."""

from collections.abc import Iterator

from components.context import Context
from components.kind import ImageNeed
from composition.kinds import KINDS, components
from model import ROOT, Origin
from settings.faults import Fault
from settings.images import ImagesSettings, registry_host


def component_images_exist(context: Context) -> Iterator[Fault]:
    """Every component's image is in the chosen source, with a data directory where it keeps data."""
    images = context.images
    if images is None:
        return
    faults = (_fault(images, need, origin) for need, origin in _needed(context))
    yield from dict.fromkeys(fault for fault in faults if fault)


def logins_are_used(context: Context) -> Iterator[Fault]:
    """A login that no image is pulled with is a misspelt host, or one that references leave out."""
    images = context.images
    if images is None or not _every_component_is_sound(context):
        return
    named = [need.pin for need, _ in _needed(context)]
    named += [ref for kind, part in components(context.stack) for ref in kind.refs(part.settings)]
    refs = [pin.ref if (pin := images.pin(name)) else name for name in named]
    hosts = {host for ref in refs if (host := registry_host(ref))}
    for host in images.registries:
        if host not in hosts:
            yield Fault(
                path=str(Origin(key="images").at("registries", host)),
                rule="no image of this stack is pulled from this registry",
                fix=f"Images begin with {', '.join(sorted(hosts)) or 'no registry'}; write the host as it is there, or "
                "put it in front of them (Docker Hub's is `docker.io`).",
            )


def _every_component_is_sound(context: Context) -> bool:
    """Whether nothing that names images, or needs some, is hidden by a fault of its own."""
    keys = {kind.key for kind in KINDS}
    return all(map(context.knows, keys)) and not any(item[0] in keys for item in context.broken if item)


def _fault(images: ImagesSettings, need: ImageNeed, origin: Origin) -> Fault | None:
    pin = images.pin(need.pin)
    if pin is None:
        return Fault(
            path=str(origin.at(need.below) if need.below else origin),
            rule=f"needs the image `{need.pin}`, which the source `{images.source}` does not have",
            fix=f"Pin it under images.override.{need.pin}, or choose another images.source.",
        )
    if need.keeps_data and pin.data_dir is None:
        return Fault(
            path=f"{ROOT}.images.override.{need.pin}.data_dir",
            rule="is required for an image that keeps data",
            fix="Name the directory that the image's uid owns.",
        )
    return None


def _needed(context: Context) -> Iterator[tuple[ImageNeed, Origin]]:
    """What the sound components need, and what broken ones need in any case."""
    for kind in KINDS:
        sound = {part.origin: part.settings for part in kind.parts(context.stack)}
        broken = () if kind.single else (Origin(key=kind.key, name=name) for name in context.names(kind.key))
        for origin in dict.fromkeys((*sound, *broken)):
            for need in kind.images(sound.get(origin)):
                yield need, origin


RULES = (component_images_exist, logins_are_used)
