"""Routes that divide their clients between two applications.

nginx has no random number: of 16 random bytes of each request a hash is taken, in a hundred parts.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from components.load_balancer.traffic import Route, Shift
from components.load_balancer.traffic.shift import DRAWS

PARTS = " ".join([*(f"1% {number};" for number in range(DRAWS - 1)), f"* {DRAWS - 1};"])

ANSWERED = r"(?:.*[,:] )?[0-9.]+$"
"""Of $upstream_header_time, whose last number is missing where no replica answered."""


@dataclass(frozen=True, kw_only=True)
class Draw:
    """The number of a client, by one cookie."""

    index: int
    cookie: str

    @property
    def kept(self) -> str:
        """An expression for the cookies of a request that has the number."""
        return rf"~(?:^|; *){self.cookie}=(?<its_draw_{self.index}>0|[1-9][0-9]?)(?:;|$)"


def draws(routes: Iterable[Route]) -> dict[str, Draw]:
    """By cookie, of the routes that need a number."""
    cookies = sorted({route.shift.cookie for route in routes if route.shift and route.shift.divides})
    return {cookie: Draw(index=index, cookie=cookie) for index, cookie in enumerate(cookies)}


def below(percent: int) -> str:
    """An expression for the numbers below one of 1 to 99."""
    tens, ones = divmod(percent, 10)
    parts = [f"[0-{ones - 1}]" if tens == 0 else "[0-9]"]
    parts += [f"[1-{tens - 1}][0-9]"] if tens > 1 else []
    parts += [f"{tens}[0-{ones - 1}]"] if tens and ones else []
    return f"~^(?:{'|'.join(parts)})$"


def set_cookie(shift: Shift, draw: Draw, *, secure: bool) -> str:
    """The header that gives a client its number."""
    flags = "; Secure" if secure or shift.same_site == "none" else ""
    return (
        f"{shift.cookie}=$draw_{draw.index}; Max-Age={shift.ttl}; Path=/; HttpOnly{flags}; "
        f"SameSite={shift.same_site.title()}"
    )
