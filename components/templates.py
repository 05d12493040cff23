"""Text from Jinja2 templates that stand beside the component that owns them."""

from pathlib import Path

import jinja2


def render(directory: Path, template: str, /, **values: object) -> str:
    """The template's text. A value that the template names and nobody gave is an error, not an empty text."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(directory),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
    )
    return environment.get_template(template).render(**values)
