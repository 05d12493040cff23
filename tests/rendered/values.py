"""Values that a stack file may hold: valid by themselves, at the edges of what their keys allow, and in texts whatever
the key's pattern lets through."""

from typing import Any

from hypothesis import strategies as st

from settings import types

NAMES = st.from_regex(r"[a-z]([a-z0-9-]{0,22}[a-z0-9])?", fullmatch=True)
PORTS = st.one_of(st.sampled_from([1, 80, 443, 65535]), st.integers(1, 65535))
SECRETS = {
    "hook": "https://hooks.example.com/services/T0/B0/x",
    "key": "0123456789abcdef0123456789abcdef",
    "word": 'pa"ss: {{word}} #1\\n',
}


def seconds(least: int, most: int) -> st.SearchStrategy[str]:
    """A duration between two numbers of seconds, as a person writes it."""
    return st.one_of(st.sampled_from([least, most]), st.integers(least, most)).map(
        lambda number: types.duration_text(number * 1000)
    )


def mebibytes(least: int, most: int) -> st.SearchStrategy[str]:
    """A size, as a person writes it."""
    return st.one_of(st.sampled_from([least, most]), st.integers(least, most)).map(lambda number: f"{number}Mi")


def keys(required: dict[str, Any] | None = None, **optional: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """A map that has the required keys and any of the others."""
    return st.fixed_dictionaries(required or {}, optional=optional)


RESOURCES = st.fixed_dictionaries(
    {
        "cpu_request": st.sampled_from(["10m", "0.5"]),
        "cpu_limit": st.sampled_from(["500m", "64"]),
        "memory_request": st.just("64Mi"),
        "memory_limit": mebibytes(64, 2**20),
    }
)

_MAIL = st.from_regex(r"[^\s@,]+@[^\s@,]+", fullmatch=True)
_MATCH = keys(
    severities=st.lists(st.sampled_from(["critical", "warning", "info"]), min_size=1, max_size=3, unique=True)
)
_EMAIL: dict[str, st.SearchStrategy[str]] = {
    "kind": st.just("email"),
    "to": _MAIL,
    "sender": _MAIL,
    "smarthost": st.from_regex(r"[A-Za-z0-9_.-]+:[0-9]{1,5}", fullmatch=True),
}
_RECEIVERS = st.one_of(
    keys({"kind": st.just("webhook"), "url": st.from_regex(r"https?://[\x21-\x7e]+", fullmatch=True)}),
    keys({"kind": st.just("webhook"), "url_secret": st.just("hook")}, match=_MATCH),
    keys(
        {
            "kind": st.just("slack"),
            "url_secret": st.just("hook"),
            "channel": st.from_regex(r"[#@][\w.-]+", fullmatch=True),
        }
    ),
    keys({"kind": st.just("pagerduty"), "routing_key_secret": st.just("key")}),
    keys({**_EMAIL, "username": st.text(min_size=1, max_size=20), "password_secret": st.just("word")}),
    keys(_EMAIL),
)
MONITORING = keys(
    {
        "alertmanager": keys(
            {"receivers": st.lists(_RECEIVERS, min_size=1, max_size=3)},
            group_wait=seconds(1, 600),
            repeat_interval=seconds(60, 365 * 24 * 3600),
        )
    },
    prometheus=keys(
        port=PORTS,
        scrape_interval=seconds(5, 300),
        retention=seconds(3600, 10 * 365 * 24 * 3600),
        resources=RESOURCES,
    ),
    node_exporter=st.booleans(),
    grafana=keys(port=PORTS),
    dead_man=st.one_of(
        keys({"url_secret": st.just("hook")}, every=seconds(10, 3600)),
        keys({"url": st.from_regex(r"https?://[\x21-\x7e]+", fullmatch=True)}),
    ),
)
DATABASE = keys(
    members=st.sampled_from([1, 2, 3]),
    database=st.one_of(
        st.sampled_from(["user", "table", "select", "_", "a" * 31]),
        st.from_regex(r"[a-z_][a-z0-9_]{0,30}", fullmatch=True),
    ),
    owner=st.one_of(
        st.sampled_from(["user", "all", "public", "current_user", "session_user"]),
        st.from_regex(r"[a-z_][a-z0-9_]{0,30}", fullmatch=True),
    ),
    volume=st.just("2Gi"),
    resources=RESOURCES,
    max_connections=st.one_of(st.sampled_from([20, 5000]), st.integers(20, 5000)),
    synchronous=st.booleans(),
    tls=keys(clients=st.sampled_from(["offered", "required"])),
    failover=keys(primary_start=seconds(0, 300), ttl=seconds(30, 300)),
    parameters=keys(
        shared_buffers=mebibytes(1, 256).map(lambda text: text.replace("Mi", "MB")),
        work_mem=st.sampled_from(["64kB", "1.5MB", "2147483647", "1TB"]),
        max_worker_processes=st.integers(2, 64),
        wal_keep_size=st.sampled_from([16, "1GB"]),
        track_commit_timestamp=st.booleans(),
        wal_compression=st.sampled_from(["pglz", "LZ4", "off", False]),
        random_page_cost=st.floats(0, 1e6),
        log_line_prefix=st.text(max_size=8),
        superuser_reserved_connections=st.integers(0, 24),
    ),
)
CACHE = keys(
    {"role": st.sampled_from(["broker", "cache", "session"]), "members": st.sampled_from([1, 3])},
    maxmemory=mebibytes(16, 512),
    failover=st.sampled_from(["fast", "standard"]),
)
APP = keys(
    {"image": st.just("registry.example.com/app:1"), "port": PORTS},
    metrics=keys(path=st.from_regex(r"/[\x21-\x7e]*", fullmatch=True), port=PORTS),
    replicas=st.integers(1, 3),
)
