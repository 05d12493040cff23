"""Labels: a list of label and value in a program, a map in the API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


def to_api(labels: Sequence[Mapping[str, str]] | None) -> dict[str, str] | None:
    return {item["label"]: item["value"] for item in labels} if labels else None


def from_api(labels: Mapping[str, str] | None) -> list[dict[str, str]]:
    return [{"label": label, "value": value} for label, value in sorted((labels or {}).items())]
