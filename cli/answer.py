"""One real answer from a deployed stack, as its users would get it."""

import errno
import socket
import ssl
import time
from collections.abc import Mapping, Sequence
from http.client import HTTPConnection, HTTPException, HTTPResponse
from typing import Any

from cli.entry import Address, Entries
from cli.errors import CommandError
from cli.progress import say
from cli.question import Question, question
from components.load_balancer.settings import LoadBalancerSettings
from composition.stack import Stack
from platforms.kubernetes.settings import KubernetesSettings

DEADLINE_SECONDS = 60
"""Proxies have found their replicas a few DNS look-ups (1 s each) after these became ready."""
CONNECT_SECONDS = 5
"""A host that is there accepts or refuses in milliseconds; three tries of TCP take 3 s."""
READ_SECONDS = 15
SHOWN_BYTES = 400
"""Of an answer that is not the sample's: it may be long, or never end."""
_OUT_OF_REACH = (errno.EHOSTUNREACH, errno.ENETUNREACH, errno.ETIMEDOUT)


class OutOfReach(Exception):
    """No connection to a host: a firewall, no route or no such name from here. It says nothing of what runs there."""


def show_answers(settings: Stack, entries: Entries, outputs: Mapping[str, Any], *, status: str) -> dict[str, str]:
    """Print where everything is reached, and ask every balancer at one of its proxies.

    Returns the balancers that could not be asked from here, each with why. Raises CommandError when one can be reached
    and does not answer; `status` is the command that shows more.
    """
    not_asked = {}
    for name, ports in outputs.get("balancers", {}).items():
        reached = {scheme: found for scheme in ("http", "https") if (found := _addresses(entries, ports.get(scheme)))}
        for scheme, addresses in reached.items():
            say(f"  {name}: {' '.join(address.url(scheme) for address in addresses)}")
        for route, port in (ports.get("tcp") or {}).items():
            say(
                f"  {name} {route}: {' '.join(address.url('tcp') for address in _addresses(entries, port))} (not asked)"
            )
        say(f"  {name} status page: {entries.for_operators(name, 'status', int(ports['status']))}")
        # Where there is TLS, plain HTTP may be no more than a redirect.
        if scheme := next((one for one in ("https", "http") if one in reached), ""):
            try:
                _ask(question(settings, settings.balancers[name]), scheme, reached[scheme], status=status)
            except OutOfReach as error:
                not_asked[name] = f"no connection from here to {error}"
        else:
            for url in _in_front(settings, settings.balancers[name]):
                say(f"  {name}: {url} (through what is in front)")
            not_asked[name] = "only the inside of the cluster reaches it, and what is in front (platform.entry)"
    for name, page in outputs.get("brokers", {}).items():
        reached_by = entries.for_operators(page["word"], page["port"], int(page["published"]), page["scheme"])
        say(f"  {name} management page: {reached_by}")
    for name, port in outputs.get("monitoring", {}).items():
        say(f"  {name}: {entries.for_operators(name, 'http', int(port))}")
    return not_asked


def _in_front(settings: Stack, balancer: LoadBalancerSettings) -> list[str]:
    """Where an Ingress or a Gateway offers the routes, by their hosts: what resolves these is not the stack's."""
    if not isinstance(settings.platform, KubernetesSettings) or settings.platform.front is None:
        return []
    scheme = "https" if balancer.front.tls or balancer.require_https else "http"
    return sorted({f"{scheme}://{route.host}/" for route in balancer.routes if route.host is not None})


def _addresses(entries: Entries, port: object) -> Sequence[Address]:
    return entries.of(int(str(port))) if port else ()


def _ask(asked: Question, scheme: str, addresses: Sequence[Address], *, status: str) -> None:
    """Ask one address after the other until one answers. Raises OutOfReach when there is no connection to any."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while True:
        failures: dict[Address, Exception] = {}
        for address in addresses:
            try:
                _answer(asked, scheme, address)
            except (OutOfReach, OSError, HTTPException) as error:
                failures[address] = error
            else:
                return
        if time.monotonic() > deadline:
            break
        time.sleep(0.5)
    said = ", ".join(f"{address} ({str(why) or type(why).__name__})" for address, why in failures.items())
    if all(isinstance(why, OutOfReach) for why in failures.values()):
        raise OutOfReach(said)
    raise CommandError(
        f"{scheme} GET {asked.path}: no answer within {DEADLINE_SECONDS} s from {said}; `{status}` shows what runs."
    )


def _answer(asked: Question, scheme: str, address: Address) -> None:
    """GET the path and print the body as it arrives."""
    started = time.monotonic()
    connection = HTTPConnection(address.host, address.port)
    connection.sock = _connected(address)
    try:
        if scheme == "https":
            connection.sock = _in_tls(connection.sock, asked.host)
        connection.request("GET", asked.path, headers={"Host": asked.host} if asked.host else {})
        response = connection.getresponse()
        if not asked.is_answered_by(response.status):
            raise HTTPException(f"status {response.status}")
        replica = response.getheader("X-Replica")
        by = f" by replica {replica}" if replica else ""
        unverified = " (certificate not verified)" if scheme == "https" else ""
        named = f" for {asked.host}" if asked.host else ""
        say(f"  GET {asked.path}{named} -> {response.status}, answered{by} at {address}{unverified}:")
        print("    ", end="")
        pieces = _show(response, whole=asked.sample)
        print(f"\n    {pieces} pieces in {time.monotonic() - started:.1f} s")
    finally:
        connection.close()


def _connected(address: Address) -> socket.socket:
    try:
        opened = socket.create_connection((address.host, address.port), timeout=CONNECT_SECONDS)
    except TimeoutError:
        raise OutOfReach("timed out") from None
    except OSError as error:
        if isinstance(error, socket.gaierror) or error.errno in _OUT_OF_REACH:
            raise OutOfReach(str(error.strerror)) from None
        raise
    opened.settimeout(READ_SECONDS)
    return opened


def _in_tls(opened: socket.socket, name: str | None) -> ssl.SSLSocket:
    """The certificate is not verified: it is for names that users know, and this asks by address."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context.wrap_socket(opened, server_hostname=name)


def _show(response: HTTPResponse, *, whole: bool) -> int:
    """Print the body, or its beginning; returns in how many pieces it came."""
    pieces = shown = 0
    while (whole or shown < SHOWN_BYTES) and (piece := response.read1(SHOWN_BYTES)):
        pieces += 1
        shown += len(piece)
        print(_text(piece), end="", flush=True)
    return pieces


def _text(piece: bytes) -> str:
    """What a terminal can show of it, without the marks of server-sent events."""
    lines = (line.removeprefix("data:").strip() for line in piece.decode(errors="replace").splitlines())
    words = " ".join(line for line in lines if line)
    return "".join(character if character.isprintable() else "?" for character in words) + " "
