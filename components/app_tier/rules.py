"""Rules of application tiers that need the whole stack: pinned images, and no secrets in plain variables."""

import re
from collections.abc import Iterator

from components.context import Context
from model import Origin
from settings.faults import Fault
from settings.references import image_ref

_SECRET_NAME = re.compile(r"(PASSWORD|PASSWD|SECRET|TOKEN|API_KEY|PRIVATE_KEY|CREDENTIALS?|DSN)$")
_URL_WITH_PASSWORD = re.compile(r"[a-z][a-z0-9+.-]*://[^/\s:@]*:[^/\s@]+@")


def app_images_are_pinned(context: Context) -> Iterator[Fault]:
    """An application's image is a pin's name or a reference with a tag or digest, and not `latest`."""
    images = context.images
    if images is None:
        return
    for app, settings in context.parts("apps").items():
        path = str(Origin(key="apps", name=app).at("image"))
        if images.pin(settings.image):
            continue
        try:
            image_ref(settings.image)
        except ValueError as error:
            known = ", ".join(images.names())
            yield Fault(
                path=path,
                rule=f"is neither a reference with a tag or digest nor a pinned image: {error}",
                got=repr(settings.image),
                fix=f"Write `registry/repository:tag`; pinned in source `{images.source}`: {known}.",
            )
            continue
        if settings.image.endswith(":latest"):
            yield Fault(path=path, rule="`latest` is not a version", got=repr(settings.image), fix="Name a tag.")


def env_holds_no_secrets(context: Context) -> Iterator[Fault]:
    """Variables are visible to everybody who may inspect a service or pod."""
    for app, settings in context.parts("apps").items():
        for variable, value in settings.env.items():
            if (_SECRET_NAME.search(variable) and value) or _URL_WITH_PASSWORD.search(value):
                yield Fault(
                    path=str(Origin(key="apps", name=app).at("env", variable)),
                    rule="looks like a secret, and plain variables can be read by inspecting the service",
                    fix=f"Give it by `{context.give_secret}{variable.lower()}` and name it under `secrets` or "
                    "`secret_env`.",
                )


RULES = (app_images_are_pinned, env_holds_no_secrets)
