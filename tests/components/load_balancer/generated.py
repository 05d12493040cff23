"""Settings of a load balancer as hypothesis makes them: every text up to what its own pattern allows.

What is made need not be valid: the settings decide. Texts come from the patterns of the settings' types, so that a
pattern that allows too much is found by the proxy that refuses it.
"""

from typing import Annotated, Any, get_args

from hypothesis import strategies as st
from pydantic import StringConstraints

from components.load_balancer.traffic import headers, words
from settings.types import Name, PortName, RequestPath
from tests.components.load_balancer.stacks import TLS


def text(kind: Any) -> st.SearchStrategy[str]:
    """What the pattern and the length of an annotated text allow."""
    (rules,) = (one for one in get_args(kind)[1:] if isinstance(one, StringConstraints))
    longest = rules.max_length or 10_000
    return st.from_regex(str(rules.pattern), fullmatch=True).filter(lambda made: len(made) <= longest)


def some(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Any of the fields."""
    return st.fixed_dictionaries({}, optional=fields)


def subset(*values: Any) -> st.SearchStrategy[list[Any]]:
    """Some of the values, one at least, twice perhaps."""
    return st.lists(st.sampled_from(values), min_size=1, max_size=len(values) + 1)


short_time = st.sampled_from([50, 60_000]) | st.integers(50, 60_000)
short_text = short_time.map("{}ms".format)
long_text = (st.sampled_from([1, 21_600]) | st.integers(1, 21_600)).map("{}s".format)
"""`longest_stream` covers `timeouts.response`."""
name = st.sampled_from(["chat", "status", "public", "no-route", "ejecting-chat", "a" * 24]) | text(Name)
path = st.sampled_from(["/", "/a", "/a/b", "/" + "a" * 199]) | text(words.PathPrefix)
label = "a" * 63
host = st.sampled_from(["a.test", f"{label}.{label}.{label}"]) | text(words.HostName)
origin = st.builds(
    "{}://{}{}".format, st.sampled_from(["http", "https"]), host, st.sampled_from(["", ":8443", ":65535"])
)
network = (
    st.ip_addresses().map(str)
    | st.sampled_from(["10.0.0.0/8", "0.0.0.0/0", "::/0", "fd00::/8", "2001:db8::/32", "::ffff:10.0.0.0/104"])
    | st.sampled_from(["10.0.0.0/255.0.0.0", "192.0.2.7"])
)
check = st.builds(
    lambda times, more: {"interval": f"{max(times)}ms", "timeout": f"{min(times)}ms", **more},
    st.tuples(short_time, short_time),
    some(path=text(RequestPath), host=host, fall=st.integers(1, 20), rise=st.integers(1, 20)),
)
retries = some(
    attempts=st.integers(1, 10),
    on=subset("connect_failure", "empty_response", "response_timeout", 502, 503, 504),
    methods=subset("GET", "HEAD", "OPTIONS"),
)
_cors = {
    "methods": subset("GET", "POST", "DELETE"),
    "headers": st.lists(text(words.Token), max_size=50),
    "max_age": long_text,
}
cors = st.fixed_dictionaries({"origins": st.just(["*"])}, optional=_cors) | st.fixed_dictionaries(
    {"origins": st.lists(origin, min_size=1, max_size=50)}, optional={**_cors, "credentials": st.booleans()}
)
header_values = st.dictionaries(text(words.Token), text(headers.HeaderValue), max_size=4)
header_changes = some(set=header_values, add=header_values, remove=st.lists(text(words.Token), max_size=4))
sticky = some(cookie=text(words.Token), ttl=long_text, same_site=st.sampled_from(["lax", "strict"] * 3 + ["none"]))
rate = st.fixed_dictionaries({"requests": st.integers(1, 1_000_000), "period": st.integers(1, 3_600).map("{}s".format)})
shift = st.builds(
    lambda to, percent, more: {"to": to, "percent": percent, **more},
    name,
    st.sampled_from([0, 1, 9, 10, 11, 99, 100]) | st.integers(0, 100),
    some(
        cookie=text(words.Token),
        same_site=st.sampled_from(["lax", "strict"] * 3 + ["none"]),
        ttl=st.integers(60, 365 * 86_400).map("{}s".format),
    ),
)
route = st.builds(
    lambda app, chosen, more: {"app": app, **chosen, **more},
    name,
    some(balance=st.sampled_from(["round_robin", "least_conn", "source"])) | some(sticky=sticky),
    some(
        shift=shift,
        path=path,
        host=host,
        rewrite=path,
        closed=st.just(["/metrics"]),
        headers=some(request=header_changes, response=header_changes),
        check=check,
        ejection=st.none() | some(errors=st.integers(1, 1_000)),
        retries=st.none() | retries,
        rate_limit=rate,
        cors=cors,
        max_body=st.sampled_from(["1k", "1023Gi", "1Ti"]),
        max_per_replica=st.integers(1, 100_000),
        timeouts=some(connect=short_text, response=long_text, stream=long_text, queue=long_text),
    ),
)

tcp_times = st.builds(
    lambda times, more: {"interval": f"{max(times)}ms", "timeout": f"{min(times)}ms", **more},
    st.tuples(short_time, short_time),
    some(fall=st.integers(1, 20), rise=st.integers(1, 20)),
)
tcp_route = st.builds(
    lambda port, app, more: {"listen": port, "app": app, **more},
    st.integers(1, 65_535),
    name,
    some(
        balance=st.sampled_from(["round_robin", "least_conn", "source"]),
        sources=st.lists(network, max_size=100),
        check=tcp_times,
        timeouts=some(connect=short_text, idle=long_text),
        max_connections=st.integers(1, 500),
    ),
)
port_name = text(PortName)


def routes(most: int) -> st.SearchStrategy[list[dict[str, Any]]]:
    """Routes that match different requests."""
    return st.lists(route, min_size=1, max_size=most, unique_by=lambda one: (one.get("host"), one.get("path", "/")))


resources = st.builds(
    lambda cores, gigabytes: {
        "cpu_request": "10m",
        "cpu_limit": cores,
        "memory_request": "64Mi",
        "memory_limit": f"{gigabytes}Gi",
    },
    st.sampled_from(["10m", "1", "2500m", "64", "65", "1000"]),
    st.sampled_from([8, 64]),
)
listen = st.just({"listen": {"http": 80}}) | st.builds(
    lambda ports, more: {"listen": ports, "tls": {**TLS["tls"], **more}},
    st.sampled_from([{"http": 80, "https": 443}, {"http": 8081, "https": 8444}, {"https": 443}]),
    some(redirect=st.booleans(), min_version=st.sampled_from(["1.2", "1.3"])),
)
balancers: st.SearchStrategy[dict[str, Any]] = st.builds(
    lambda ports, routes, memory, more: {"longest_stream": "6h", **ports, "routes": routes, **memory, **more},
    listen,
    routes(100) | routes(3),
    some(size=st.sampled_from(["small", "medium", "large"])) | some(resources=resources),
    some(
        stop_delay=st.integers(0, 300).map("{}s".format),
        max_connections=st.sampled_from([100, 1_000, 1_000, 100_000]),
        tcp=st.dictionaries(port_name, tcp_route, max_size=50) | st.dictionaries(port_name, tcp_route, max_size=2),
        trusted_proxies=st.lists(network, max_size=100),
        require_https=st.booleans(),
        limits=some(headers=st.sampled_from(["16Ki", "256Ki", "100k"])),
        timeouts=some(request=long_text, keep_alive=long_text),
    ),
)
"""Settings, most of them valid."""

balancer_names = st.sampled_from(["edge", "a" * 24, "a-b-c"]) | text(Annotated[str, *get_args(Name)[1:]])
