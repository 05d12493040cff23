"""What a drill asks the entry for."""

import uuid

import httpx

from drills.waiting import wait_for

SAFE_PATH = "/work?ms=50"
"""A safe request of 50 ms that needs no database."""


def answers(url: str, path: str = "/health", *, seconds: float = 120) -> None:
    """Wait until a URL answers 200."""

    def ok() -> bool:
        try:
            return httpx.get(f"{url}{path}", timeout=5).status_code == 200
        except httpx.HTTPError as error:
            raise OSError(str(error)) from error

    wait_for(f"{url}{path} answers", ok, seconds=seconds)


def written(url: str, path: str = "/writes") -> bool:
    """Whether a write of the application is acknowledged now; `/messages` is one to the broker."""
    try:
        body = {"writer": f"drill-{uuid.uuid4().hex[:12]}", "sequence": 1}
        return httpx.post(f"{url}{path}", json=body, timeout=5).status_code == 200
    except httpx.HTTPError as error:
        raise OSError(str(error)) from error
