"""From the stack's YAML to one typed model, and to everything that is wrong with the YAML."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Generic, TypeVar, get_origin

from pydantic import BaseModel, ValidationError, create_model

from settings.faults import Fault
from settings.shape import shape_faults
from settings.types import FROM_A_PERSON

Model = TypeVar("Model", bound=BaseModel)

Item = tuple[str, ...]
"""A part of a document that is sound or broken as a whole: `("apps", "web")`, an entry of a map; `("images",)`, another
key, or a map of which not every name is known; `()`, a document that is not a map."""


@dataclass(frozen=True, kw_only=True)
class Loaded(Generic[Model]):
    """A document as far as it can be read.

    `sound` is the model without the items that are `broken`: a broken key has its default in it, or no value where it
    has none. A key that the model does not have is also broken. Without faults nothing is broken.
    """

    sound: Model
    faults: tuple[Fault, ...] = ()
    broken: frozenset[Item] = frozenset()


def load(model: type[Model], data: object, *, root: str) -> Loaded[Model]:
    """Validate `data` (as read from YAML) as a `model`. `root` is the key under which it stands in the file."""
    try:
        return Loaded(sound=model.model_validate(data, context=FROM_A_PERSON))
    except ValidationError as error:
        details = error.errors(include_url=False)
    locations = [detail["loc"] for detail in details]
    items = {_item(model, location) for location in locations}
    misnamed = {_item(model, location) for location in locations if "[key]" in location[2:3]}
    return Loaded(
        sound=_without(model, data, items),
        faults=shape_faults(details, data, _schema(model), root=root),
        broken=frozenset(item[:1] if item in misnamed else item for item in items),
    )


@cache
def _schema(model: type[BaseModel]) -> dict[str, Any]:
    """Its JSON Schema, which takes a tenth of a second to build. Nobody changes it."""
    return model.model_json_schema()


def _item(model: type[BaseModel], location: tuple[str | int, ...]) -> Item:
    depth = 2 if location and str(location[0]) in _maps(model) else 1
    return tuple(map(str, location[:depth]))


def _maps(model: type[BaseModel]) -> set[str]:
    return {name for name, field in model.model_fields.items() if get_origin(field.annotation) is dict}


def _without(model: type[Model], data: object, broken: set[Item]) -> Model:
    """The model of `data` without the broken items: the rest is validated again, by a model of only these keys."""
    rest: dict[str, Any] = {}
    for key, value in data.items() if isinstance(data, Mapping) else ():
        if key not in model.model_fields or (key,) in broken:
            continue
        if key in _maps(model):
            value = {name: entry for name, entry in value.items() if (key, str(name)) not in broken}
        rest[key] = value
    fields: dict[str, Any] = {key: (model.model_fields[key].annotation, model.model_fields[key]) for key in rest}
    sound = create_model(model.__name__, __config__=model.model_config, **fields).model_validate(
        rest, context=FROM_A_PERSON
    )
    return model.model_construct(**dict(sound))
