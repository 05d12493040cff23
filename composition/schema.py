"""`python -m composition.schema`: writes the JSON Schema of stack files, for editors and checkers."""

import json
from pathlib import Path
from typing import Any

from composition.stack import Stack
from settings.described import DescribedSchema

PATH = Path(__file__).resolve().parent.parent / "settings" / "stack.schema.json"


def schema_text() -> str:
    """The schema of a whole `Pulumi.<stack>.yaml`."""
    stack = Stack.model_json_schema(ref_template="#/$defs/{model}", schema_generator=DescribedSchema)
    definitions: dict[str, Any] = stack.pop("$defs")
    document = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "ha-platform stack file",
        "type": "object",
        "properties": {
            "encryptionsalt": {"type": "string"},
            "config": {
                "type": "object",
                "properties": {
                    "ha-platform:stack": stack,
                    "ha-platform:secrets": {
                        "type": "object",
                        "description": "Given secrets, encrypted: write them with `make secret`.",
                        "propertyNames": {"pattern": "^[a-z][a-z0-9_]{0,49}$"},
                    },
                },
                "required": ["ha-platform:stack"],
            },
        },
        "required": ["config"],
        "$defs": definitions,
    }
    return json.dumps(document, indent=2, sort_keys=True) + "\n"


if __name__ == "__main__":
    PATH.write_text(schema_text())
    print(f"schema: wrote {PATH.name}")
