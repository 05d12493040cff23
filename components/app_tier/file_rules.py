"""Rules of configuration files: no secrets in them, and room for all of them."""

from collections.abc import Iterator

from components.app_tier.files import LARGEST_INLINE, inline_bytes, texts
from components.context import Context
from model import Origin
from settings.faults import Fault
from settings.plain_secrets import holds_a_secret


def files_hold_no_secrets(context: Context) -> Iterator[Fault]:
    """Configuration files are visible to everybody who may inspect the platform."""
    for app, settings in context.parts("apps").items():
        for path, text in texts(settings.files).items():
            if path not in settings.not_secret and holds_a_secret(text):
                yield Fault(
                    path=str(Origin(key="apps", name=app).at("files")),
                    rule="holds what looks like a secret, and can be read by inspecting the platform",
                    got=path,
                    fix="Let the application read that value from a file under /run/secrets or a variable (`secrets`, "
                    "`secret_env`), or give the whole file as a secret; if it is none, write "
                    f"`not_secret: [{path}]`.",
                )


def inline_texts_fit(context: Context) -> Iterator[Fault]:
    """All texts of configuration files in the stack file reach the program."""
    sizes = {app: inline_bytes(settings.files) for app, settings in context.parts("apps").items()}
    if (total := sum(sizes.values())) > LARGEST_INLINE:
        app = max(sizes, key=lambda name: sizes[name])
        yield Fault(
            path=str(Origin(key="apps", name=app).at("files")),
            rule=f"has the largest part of {total} bytes of texts; a stack file can hold {LARGEST_INLINE} on their way "
            "to the program",
            fix="Put large texts into files beside Pulumi.yaml and name them: `<path>: {file: <path>}`.",
        )


RULES = (files_hold_no_secrets, inline_texts_fit)
