"""One real answer from a deployed stack, as its users would get it."""

import time
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException
from typing import Any

from cli.errors import CommandError
from cli.stack_file import StackFile

PROMPT = "hello"
DEADLINE_SECONDS = 60
"""Proxies have found their replicas a few DNS look-ups (1 s each) after these became ready."""


def show_answers(stack: StackFile, address: str, outputs: Mapping[str, Any]) -> None:
    """Ask every balancer and print what it says. Raises CommandError when one does not answer."""
    for name, ports in outputs.get("balancers", {}).items():
        port = ports.get("http")
        if port is None:
            continue
        print(f"  {name}: http://{address}:{port}/   status page http://{address}:{ports['status']}/")
        route = _first_route(stack, name)
        chat = _app(stack, route).get("image") == "chat"
        path = f"/chat?prompt={PROMPT}&tokens=12&delay_ms=40" if chat else _check_path(route)
        _stream(address, int(port), path)
    for name, port in outputs.get("monitoring", {}).items():
        print(f"  {name}: http://{address}:{port}/")


def _first_route(stack: StackFile, balancer: str) -> dict[str, Any]:
    route: dict[str, Any] = stack.settings["balancers"][balancer]["routes"][0]
    return route


def _app(stack: StackFile, route: Mapping[str, Any]) -> dict[str, Any]:
    app: dict[str, Any] = stack.settings["apps"][route["app"]]
    return app


def _check_path(route: Mapping[str, Any]) -> str:
    check = route.get("check") or {}
    return str(check.get("path", "/health"))


def _stream(address: str, port: int, path: str) -> None:
    """GET `path` and print the body as it arrives, trying again until the deadline."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while True:
        try:
            _stream_once(address, port, path)
        except (OSError, HTTPException) as error:
            if time.monotonic() > deadline:
                raise CommandError(
                    f"http://{address}:{port}{path} did not answer within {DEADLINE_SECONDS} s: {error}"
                ) from None
            time.sleep(0.5)
        else:
            return


def _stream_once(address: str, port: int, path: str) -> None:
    connection = HTTPConnection(address, port, timeout=15)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        if response.status != 200:
            raise HTTPException(f"status {response.status}")
        print(f"  GET {path} -> 200, answered by {response.getheader('X-Replica', 'a replica')}:")
        print("    ", end="")
        while chunk := response.read1(4096):
            print(_text(chunk), end="", flush=True)
        print()
    except TimeoutError as error:
        raise OSError("timed out") from error
    finally:
        connection.close()


def _text(chunk: bytes) -> str:
    lines = (line.removeprefix("data:").strip() for line in chunk.decode(errors="replace").splitlines())
    return " ".join(line for line in lines if line) + " "
