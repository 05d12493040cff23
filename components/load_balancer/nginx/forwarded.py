"""What requests say of where they came from: which headers are whose.

Open-source nginx removes a header by its whole name only, so the names of HAProxy's expressions are spelled out. Names
with underscores are dropped by nginx itself.
"""

STRANGERS = (
    "X-Forwarded",
    "X-Forwarded-Access-Token",
    "X-Forwarded-By",
    "X-Forwarded-Client-Cert",
    "X-Forwarded-Email",
    "X-Forwarded-Groups",
    "X-Forwarded-Host",
    "X-Forwarded-Method",
    "X-Forwarded-Path",
    "X-Forwarded-Port",
    "X-Forwarded-Preferred-Username",
    "X-Forwarded-Prefix",
    "X-Forwarded-Protocol",
    "X-Forwarded-Roles",
    "X-Forwarded-Scheme",
    "X-Forwarded-Server",
    "X-Forwarded-Ssl",
    "X-Forwarded-Tls-Client-Cert",
    "X-Forwarded-Tls-Client-Cert-Info",
    "X-Forwarded-Uri",
    "X-Forwarded-User",
    "X-Original-For",
    "X-Original-Forwarded-For",
    "X-Original-Host",
    "X-Original-Method",
    "X-Original-Proto",
    "X-Original-Remote-Addr",
    "X-Original-Uri",
    "X-Original-Url",
    "X-Rewrite-Url",
    "X-Host",
    "X-Http-Host-Override",
    "X-Scheme",
    "X-Url-Scheme",
    "Front-End-Https",
    "X-Client-Ip",
    "X-Cluster-Client-Ip",
    "X-Envoy-External-Address",
    "True-Client-Ip",
    "Cf-Connecting-Ip",
    "Cf-Connecting-Ipv6",
    "Fastly-Client-Ip",
    "Fly-Client-Ip",
    "Proxy-Client-Ip",
    "Wl-Proxy-Client-Ip",
    "Proxy",
)
"""Only a trusted proxy may send these: parts of the request's address as its first proxy saw it, and the client's
address in the words of several products. A CGI server makes HTTP_PROXY of the last one."""

NEVER = ("Forwarded", "X-Real-IP")
"""Said in X-Forwarded-For and -Proto, which are the truth: two headers could say different things."""

ITS_CHAIN = r"~^(?<its_client>[^|]+)\|(?:.*[, ])?\k<its_client>(?<its_hops>(?:, *[0-9A-Fa-f.:]+)*)$"
"""Of `client|X-Forwarded-For`: what stands right of the client. nginx has gone that way from the right over trusted
addresses, so the rest is theirs; addresses in brackets or with a port are not written again."""

NO_CHAIN = r"~^1\|(?<itself>[^|]+)\|\k<itself>$"
"""Of `1|client|sender`, where a trusted proxy sent what is not forwarded: it is the client."""


def sent(header: str) -> str:
    """nginx's variable of what a request has in the header; several lines are one."""
    return f"$http_{header.lower().replace('-', '_')}"


def trusted(header: str) -> str:
    """The variable of the same, if a trusted proxy said so."""
    return f"$trusted_{header.lower().replace('-', '_')}"
