"""One real answer from a deployed stack, as its users would get it."""

import ssl
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any

from cli.entry import Entries
from cli.errors import CommandError
from cli.progress import say
from components.app_tier.settings import AppTierSettings
from components.load_balancer.settings import LoadBalancerSettings
from components.load_balancer.traffic import Route
from composition.stack import Stack

DEADLINE_SECONDS = 60
"""Proxies have found their replicas a few DNS look-ups (1 s each) after these became ready."""
SAMPLE = "chat"
"""The sample application among the sandbox's images: the one that is known to have something to show."""
SAMPLE_PATH = "/chat?prompt=hello&tokens=12&delay_ms=40"


@dataclass(frozen=True, kw_only=True)
class Question:
    """A GET that a balancer must answer: with the status of success, or (`any_answer`) with whatever is not its own
    failure."""

    path: str
    host: str | None = None
    any_answer: bool = False

    def is_answered_by(self, status: int) -> bool:
        """5xx is the balancer's word for: nobody there."""
        return status < 400 or (self.any_answer and status < 500)


def show_answers(settings: Stack, entries: Entries, outputs: Mapping[str, Any], *, status: str) -> None:
    """Print where everything is reached, and ask every balancer. Raises CommandError when one does not answer;
    `status` is the command that shows more."""
    for name, ports in outputs.get("balancers", {}).items():
        reached = {}
        for scheme in ("http", "https"):
            if entry := ports.get(scheme) and entries.of(int(ports[scheme])):
                reached[scheme] = entry
                say(f"  {name}: {scheme}://{entry[0]}:{entry[1]}/")
        say(f"  {name} status page: {entries.for_operators(name, 'status', int(ports['status']))}")
        # Where there is TLS, plain HTTP may be no more than a redirect.
        if asked := next((one for one in ("https", "http") if one in reached), None):
            _ask(question(settings, settings.balancers[name]), asked, *reached[asked], status=status)
        else:
            say(f"  {name} is reached from inside the cluster only (platform.entry), so it was not asked")
    for name, port in outputs.get("monitoring", {}).items():
        say(f"  {name}: {entries.for_operators(name, 'http', int(port))}")


def question(settings: Stack, balancer: LoadBalancerSettings) -> Question:
    """What shows that the balancer leads to an application: the sample's page, or what the balancer's own check asks
    where a route leads there, or any page of the first route."""
    for route, app in _routes(settings, balancer):
        if _is_sample(settings, app) and _leads(route, SAMPLE_PATH):
            return Question(path=SAMPLE_PATH, host=route.host)
    for route, app in _routes(settings, balancer):
        path = route.check.path or app.probes.health
        if _leads(route, path):
            return Question(path=path, host=route.host)
    first = balancer.routes[0]
    return Question(path=first.path, host=first.host, any_answer=True)


def _routes(settings: Stack, balancer: LoadBalancerSettings) -> Iterator[tuple[Route, AppTierSettings]]:
    for route in balancer.routes:
        yield route, settings.apps[route.app]


def _is_sample(settings: Stack, app: AppTierSettings) -> bool:
    images = settings.images
    return app.image == SAMPLE and images.source == "sandbox" and SAMPLE not in images.override


def _leads(route: Route, path: str) -> bool:
    """Whether a request for `path` is under the route's prefix."""
    bare = path.partition("?")[0]
    return route.path == "/" or bare == route.path or bare.startswith(f"{route.path}/")


def _ask(asked: Question, scheme: str, host: str, port: int, *, status: str) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while True:
        try:
            _stream(asked, scheme, host, port)
        except (OSError, HTTPException) as error:
            if time.monotonic() > deadline:
                raise CommandError(
                    f"{scheme}://{host}:{port}{asked.path} did not answer within {DEADLINE_SECONDS} s ({error}); "
                    f"`{status}` shows what runs."
                ) from None
            time.sleep(0.5)
        else:
            return


def _connection(scheme: str, host: str, port: int) -> HTTPConnection:
    if scheme == "http":
        return HTTPConnection(host, port, timeout=15)
    # The certificate is for the users' name, and this asks by address.
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return HTTPSConnection(host, port, timeout=15, context=context)


def _stream(asked: Question, scheme: str, host: str, port: int) -> None:
    """GET the path and print the body as it arrives."""
    connection = _connection(scheme, host, port)
    started = time.monotonic()
    try:
        connection.request("GET", asked.path, headers={"Host": asked.host} if asked.host else {})
        response = connection.getresponse()
        if not asked.is_answered_by(response.status):
            raise HTTPException(f"status {response.status}")
        replica = response.getheader("X-Replica")
        by = f", answered by replica {replica}" if replica else ""
        unverified = " (certificate not verified)" if scheme == "https" else ""
        say(f"  GET {asked.path} -> {response.status}{by}{unverified}:")
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
