"""What clients of a cluster are told: the facts, and what each library takes to follow the masters.

Sources: redis-py 8.1 (`RedisCluster`), go-redis 9 (`ParseClusterURL`), ioredis 5 (`Cluster`). A client asks any member
for the others, by the names that they announce.
"""

from collections.abc import Mapping, Sequence

from components.contracts import Terms
from components.external import Tls, tls_facts
from components.facts import FactType

PORT = "6379"
_FACTS = {
    "cluster_nodes": FactType.HOSTS,
    "host": FactType.HOST,
    "port": FactType.PORT,
    "socket_timeout": FactType.NUMBER,
    "user": FactType.TEXT,
    "url": FactType.SECRET_URL,
    "password": FactType.PASSWORD,
}


def node_fact(number: int) -> str:
    """The fact that is the host of one member."""
    return f"node_{number + 1}"


def cluster_terms(members: int, tls: Tls | None = None) -> Terms:
    """Of a cluster with so many members that is reached with this encryption."""
    each = [node_fact(number) for number in range(members)]
    standard = _FACTS | tls_facts(tls)
    return Terms(
        facts=standard | dict.fromkeys(each, FactType.HOST),
        standard=tuple(standard),
        presets=_presets(each, tls),
        named=True,
    )


def cluster_url(tls: Tls | None) -> str:
    """The text of the fact `url`: of one member, by which a client finds the others."""
    return f"redis{'s' if tls else ''}://{{user}}:{{password}}@{{host}}:{{port}}"


_REDIS_PY_TLS = ', "ssl": true, "ssl_cert_reqs": "required", "ssl_check_hostname": true, "ssl_ca_certs": "{ca_file}"'


def _presets(hosts: Sequence[str], tls: Tls | None) -> Mapping[str, Mapping[str, str]]:
    nodes = ", ".join(f'{{{{"host": "{{{host}}}", "port": {{port}}}}}}' for host in hosts)
    scheme = "rediss" if tls else "redis"
    others = "".join(f"{'&' if number else '?'}addr={{{host}}}:{{port}}" for number, host in enumerate(hosts[1:]))
    with_file = {"_CA_FILE": "{ca_file}"} if tls else {}
    return {
        "redis-py": {
            "_NODES": f"[{nodes}]",
            "_OPTIONS": '{{"username": "{user}", "password": "{password}", "socket_timeout": {socket_timeout}'
            f"{_REDIS_PY_TLS if tls else ''}}}}}",
        },
        "go-redis": {"_URL": f"{scheme}://{{user}}:{{password}}@{{{hosts[0]}}}:{{port}}{others}"} | with_file,
        "ioredis": {
            "_NODES": f"[{nodes}]",
            "_OPTIONS": '{{"redisOptions": {{"username": "{user}", "password": "{password}"'
            + (', "tls": {{}}' if tls else "")
            + "}}}}",
        }
        | with_file,
    }
