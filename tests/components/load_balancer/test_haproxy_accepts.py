"""The real haproxy accepts the configuration of any valid settings, without a warning."""

import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from components.load_balancer.engines import ENGINES
from tests.components.load_balancer.stacks import TLS, balancer, config

short_time = st.integers(50, 60_000).map("{}ms".format)
long_time = st.integers(1, 3_600).map("{}s".format)
token = st.from_regex(r"[A-Za-z][A-Za-z0-9_-]{0,10}", fullmatch=True)
segment = st.from_regex(r"[A-Za-z0-9._-]{1,8}", fullmatch=True)
path = st.lists(segment, max_size=3).map(lambda segments: "/" + "/".join(segments))
host = st.from_regex(r"[a-z0-9]{1,6}(\.[a-z0-9]{1,6}){0,2}", fullmatch=True)
origin = st.builds("{}://{}{}".format, st.sampled_from(["http", "https"]), host, st.sampled_from(["", ":8443"]))
check = st.fixed_dictionaries(
    {},
    optional={
        "path": st.sampled_from(["/health", "/ready?deep=1", "/~x/y.z", "/a:b+c,d@e%20f"]),
        "interval": st.integers(1_000, 60_000).map("{}ms".format),
        "timeout": st.integers(50, 1_000).map("{}ms".format),
        "fall": st.integers(1, 20),
        "rise": st.integers(1, 20),
    },
)
retries = st.fixed_dictionaries(
    {},
    optional={
        "attempts": st.integers(1, 10),
        "on": st.lists(
            st.sampled_from(["connect_failure", "empty_response", "response_timeout", 502, 503, 504]),
            min_size=1,
            unique=True,
        ),
        "methods": st.lists(st.sampled_from(["GET", "HEAD", "OPTIONS"]), min_size=1, unique=True),
    },
)
cors = st.fixed_dictionaries(
    {"origins": st.lists(origin, min_size=1, max_size=3)},
    optional={
        "methods": st.lists(st.sampled_from(["GET", "POST", "DELETE"]), min_size=1, unique=True),
        "headers": st.lists(token, max_size=3),
        "credentials": st.booleans(),
        "max_age": long_time,
    },
) | st.just({"origins": ["*"]})
route = st.fixed_dictionaries(
    {"app": st.sampled_from(["chat", "web-2"]), "path": path},
    optional={
        "host": host,
        "check": check,
        "ejection": st.none() | st.fixed_dictionaries({"errors": st.integers(1, 1_000)}),
        "retries": st.none() | retries,
        "rate_limit": st.fixed_dictionaries({"requests": st.integers(1, 1_000_000), "period": long_time}),
        "cors": cors,
        "max_body": st.integers(1, 1023).flatmap(lambda n: st.sampled_from([f"{n}k", f"{n}Gi"])),
        "max_per_replica": st.integers(1, 100_000),
        "timeouts": st.fixed_dictionaries(
            {}, optional={"connect": short_time, "response": long_time, "stream": long_time, "queue": long_time}
        ),
    },
)
stickiness = st.fixed_dictionaries({"balance": st.sampled_from(["round_robin", "least_conn", "source"])}) | (
    st.fixed_dictionaries({"sticky": st.fixed_dictionaries({}, optional={"cookie": token, "ttl": long_time})})
)
tls = st.fixed_dictionaries({"redirect": st.booleans(), "min_version": st.sampled_from(["1.2", "1.3"])})
balancers = st.builds(
    lambda entry, rest: {"longest_stream": "1h", **entry, **rest},
    st.just({"listen": {"http": 80}})
    | st.builds(
        lambda listen, more: {"listen": listen, "tls": {**TLS["tls"], **more}},
        st.sampled_from([{"http": 80, "https": 443}, {"http": 8081, "https": 8444}, {"https": 443}]),
        tls,
    ),
    st.fixed_dictionaries(
        {
            "routes": st.lists(
                st.builds(lambda one, two: {**one, **two}, route, stickiness),
                min_size=1,
                max_size=4,
                unique_by=lambda one: (one.get("host"), one["path"]),
            )
        },
        optional={
            "size": st.sampled_from(["small", "medium"]),
            "stop_delay": st.integers(0, 60).map("{}s".format),
            "max_connections": st.integers(100, 2_000),
            "trusted_proxies": st.lists(st.sampled_from(["10.0.0.0/8", "192.0.2.7", "fd00::/8"]), unique=True),
            "timeouts": st.fixed_dictionaries({}, optional={"request": long_time, "keep_alive": long_time}),
        },
    ),
)


@pytest.mark.live
# Each example starts a process, and shrinking would start thousands: the text of a failure is small enough.
@settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate],
)
@given(data=balancers)
def test_any_valid_settings_are_accepted(haproxy: str, certificate: Path, data: dict[str, Any]) -> None:
    accepted(haproxy, certificate, data)


@pytest.mark.parametrize("replicas", [1, 10])
def test_the_smallest_settings_are_accepted(haproxy: str, certificate: Path, replicas: int) -> None:
    accepted(haproxy, certificate, balancer(replicas=replicas))


def accepted(haproxy: str, certificate: Path, data: dict[str, Any]) -> None:
    place = replace(ENGINES["haproxy"].place, certificate_file=str(certificate), nameservers=("127.0.0.1:53",))
    text = config(data, place=place)
    check = subprocess.run(
        [haproxy, "-W", "-c", "-f", "/dev/stdin"], input=text, capture_output=True, text=True, check=False
    )
    said = [line for line in check.stderr.splitlines() if "NOTICE" not in line]
    assert (check.returncode, said) == (0, []), f"{check.stderr}\n{text}"
