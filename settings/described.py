"""The docstrings under the fields of settings models: for the JSON Schema and the reference, which people read.

Pydantic can attach them when a class is made (`use_attribute_docstrings`), but then every program that imports the
settings parses their source again: a third of the import time (`make bench`).
"""

import ast
import inspect
import textwrap
from functools import cache
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema
from pydantic_core.core_schema import ModelSchema


@cache
def descriptions(model: type[BaseModel]) -> dict[str, str]:
    """The text under each field of `model` and of the models that it extends, by field."""
    inherited = [base for base in model.__bases__ if issubclass(base, BaseModel) and base is not BaseModel]
    found = {field: text for base in inherited for field, text in descriptions(base).items()}
    body = ast.parse(textwrap.dedent(inspect.getsource(model))).body[0]
    assert isinstance(body, ast.ClassDef)
    for field, below in zip(body.body, body.body[1:], strict=False):
        match field, below:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                found[name] = inspect.cleandoc(text)
    return found


class DescribedSchema(GenerateJsonSchema):
    """JSON Schema with the fields' docstrings as descriptions; for `model_json_schema(schema_generator=...)`."""

    def model_schema(self, schema: ModelSchema) -> dict[str, Any]:
        """The schema of one model."""
        model: type[BaseModel] = schema["cls"]
        described = super().model_schema(schema)
        for field, text in descriptions(model).items():
            described["properties"][model.model_fields[field].alias or field].setdefault("description", text)
        return described
