"""What requests say of where they came from: which headers are whose."""

HOPS = 10
"""Proxies in front, at most: HAProxy finds no more values of a header from its end (MAX_HDR_HISTORY)."""

_STRANGERS = (
    # Parts of the request's address as its first proxy saw it. X-Forwarded-For and -Proto are set anew after this.
    "x-forwarded",
    "x-forwarded-.*",
    "x-original-.*",
    "x-rewrite-url",
    "x-host",
    "x-http-host-override",
    "x-scheme",
    "x-url-scheme",
    "front-end-https",
    # The client's address, in the words of several products.
    "x-client-ip",
    "x-cluster-client-ip",
    "x-envoy-external-address",
    "true-client-ip",
    "cf-connecting-ip",
    "cf-connecting-ipv6",
    "fastly-client-ip",
    "fly-client-ip",
    "proxy-client-ip",
    "wl-proxy-client-ip",
    # A CGI server makes HTTP_PROXY of it, which clients of other servers then obey.
    "proxy",
)
_ALWAYS = ("forwarded", "x-real-ip")
"""Said in X-Forwarded-For and -Proto, which are the truth: two headers could say different things."""

_UNDERSCORES = "x-forwarded.*_.*|x_forwarded.*"
"""Underscores in place of hyphens: servers that make variables of headers (WSGI, CGI) take one for the other."""


def pattern_of_strangers() -> str:
    """The names of headers that only a trusted proxy may send, as an expression for names in lower case."""
    return _pattern(*_STRANGERS)


def pattern_of_all() -> str:
    """The names of headers that nobody may send."""
    return f"{_pattern(*_ALWAYS)}|^({_UNDERSCORES})$"


def value(hop: int) -> str:
    """The address that is number `hop` from the end of X-Forwarded-For, without brackets and port."""
    return (
        f"req.hdr(x-forwarded-for,-{hop})"
        r",regsub('^\[(.*)\](:[0-9]+)?\$','\1')"
        r",regsub('^([0-9.]+):[0-9]+\$','\1')"
    )


def _pattern(*names: str) -> str:
    return f"^({'|'.join(name.replace('-', '[-_]') for name in names)})$"
