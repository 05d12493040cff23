"""The base of every settings model."""

from pydantic import BaseModel, ConfigDict


class Settings(BaseModel):
    """Refuses unknown keys, cannot be changed after loading."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        str_max_length=10_000,
        allow_inf_nan=False,
        hide_input_in_errors=True,
        defer_build=True,  # the root model builds all of them at once, when it validates
    )
