"""The HTTP client of every run, and one vocabulary for what goes wrong."""

from collections.abc import Mapping
from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpx


class BadStatus(Exception):
    """The answer came, with a status other than 200."""

    def __init__(self, response: httpx.Response) -> None:
        super().__init__(f"status {response.status_code}")
        self.replica = response.headers.get("x-replica", "")


class Incomplete(Exception):
    """The answer began with 200 and ended before its end."""


ERRORS = (httpx.HTTPError, TimeoutError, BadStatus, Incomplete)
"""What a run counts instead of raising."""


def make_client(
    *,
    timeout_seconds: float,
    keep_alive: bool = False,
    keep_cookies: bool = False,
    verify: bool = True,
    headers: Mapping[str, str] | None = None,
) -> httpx.AsyncClient:
    """Without `keep_alive` each request has its own connection, and without `keep_cookies` no proxy can stick to it:
    then balancing is visible."""
    jar = CookieJar() if keep_cookies else CookieJar(DefaultCookiePolicy(allowed_domains=[]))
    return httpx.AsyncClient(
        timeout=timeout_seconds,
        limits=httpx.Limits(max_connections=None, max_keepalive_connections=None if keep_alive else 0),
        cookies=jar,
        verify=verify,
        headers=dict(headers or {}),
        # A proxy of the machine's environment must not stand between the driver and the proxy under test.
        trust_env=False,
    )


def kind_of(error: Exception) -> str:
    """`status 503`, `connection refused`, `timeout`... for the counts."""
    if isinstance(error, BadStatus | Incomplete):
        return str(error)
    if isinstance(error, httpx.ConnectTimeout):
        return "connect timeout"
    if isinstance(error, TimeoutError | httpx.TimeoutException):
        return "timeout"
    if isinstance(error, httpx.ConnectError):
        return _connect_kind(error)
    if isinstance(error, httpx.RemoteProtocolError | httpx.ReadError | httpx.WriteError):
        return "connection closed"
    return type(error).__name__


def _connect_kind(error: BaseException) -> str:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ConnectionRefusedError):
            return "connection refused"
        cause = cause.__cause__ or cause.__context__
    return "connect failed"
