"""One real answer from a deployed stack, as its users would get it."""

import time
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException
from typing import Any

from cli.entry import Entries
from cli.errors import CommandError
from cli.progress import say
from cli.stack_file import StackFile

PROMPT = "hello"
DEADLINE_SECONDS = 60
"""Proxies have found their replicas a few DNS look-ups (1 s each) after these became ready."""


def show_answers(stack: StackFile, entries: Entries, outputs: Mapping[str, Any]) -> None:
    """Print where everything is reached, and ask every balancer. Raises CommandError when one does not answer."""
    for name, ports in outputs.get("balancers", {}).items():
        for scheme in ("http", "https"):
            if entry := ports.get(scheme) and entries.of(int(ports[scheme])):
                say(f"  {name}: {scheme}://{entry[0]}:{entry[1]}/")
        say(f"  {name} status page: {entries.for_operators(name, 'status', int(ports['status']))}")
        if asked := ports.get("http") and entries.of(int(ports["http"])):
            _ask(stack, name, *asked)
        elif ports.get("http"):
            say(f"  {name} is reached from inside the cluster only (platform.entry), so it was not asked")
    for name, port in outputs.get("monitoring", {}).items():
        say(f"  {name}: {entries.for_operators(name, 'http', int(port))}")


def _ask(stack: StackFile, balancer: str, host: str, port: int) -> None:
    route = stack.settings["balancers"][balancer]["routes"][0]
    app = stack.settings["apps"][route["app"]]
    chat = app.get("image", "").startswith("chat")
    path = f"/chat?prompt={PROMPT}&tokens=12&delay_ms=40" if chat else _check_path(route, app)
    deadline = time.monotonic() + DEADLINE_SECONDS
    while True:
        try:
            _stream(host, port, path)
        except (OSError, HTTPException) as error:
            if time.monotonic() > deadline:
                raise CommandError(
                    f"http://{host}:{port}{path} did not answer within {DEADLINE_SECONDS} s ({error}); "
                    f"`{stack.make('status')}` shows what runs."
                ) from None
            time.sleep(0.5)
        else:
            return


def _check_path(route: Mapping[str, Any], app: Mapping[str, Any]) -> str:
    """What the balancer's own check asks."""
    own, health = (route.get("check") or {}).get("path"), (app.get("probes") or {}).get("health")
    return str(own or health or "/health")


def _stream(host: str, port: int, path: str) -> None:
    """GET `path` and print the body as it arrives."""
    connection = HTTPConnection(host, port, timeout=15)
    started = time.monotonic()
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        if response.status != 200:
            raise HTTPException(f"status {response.status}")
        replica = response.getheader("X-Replica")
        say(f"  GET {path} -> 200{f', answered by replica {replica}' if replica else ''}:")
        print("    ", end="")
        chunks = 0
        while chunk := response.read1(4096):
            chunks += 1
            print(_text(chunk), end="", flush=True)
        print(f"\n    {chunks} pieces in {time.monotonic() - started:.1f} s")
    except TimeoutError as error:
        raise OSError("timed out") from error
    finally:
        connection.close()


def _text(chunk: bytes) -> str:
    lines = (line.removeprefix("data:").strip() for line in chunk.decode(errors="replace").splitlines())
    return " ".join(line for line in lines if line) + " "
