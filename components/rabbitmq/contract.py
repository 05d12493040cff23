"""What clients of a broker are told: the facts, and what each library takes.

Sources: pika 1.3 (`URLParameters`, a sequence of them for `BlockingConnection`; `ssl_options` is a Python literal),
aio-pika 10 (`connect_robust`), kombu 5.7 (`Connection`: several addresses with `;`) over amqp 5.4 (`SSLTransport`).
"""

from collections.abc import Mapping, Sequence

from components.contracts import Terms
from components.external import Tls, tls_facts
from components.facts import FactType
from components.rabbitmq.ports import AMQP_PORT, AMQPS_PORT

PORT, TLS_PORT = str(AMQP_PORT), str(AMQPS_PORT)
"""Without encryption, and with it."""

_FACTS = {
    "host": FactType.HOST,
    "port": FactType.PORT,
    "vhost": FactType.TEXT,
    "heartbeat": FactType.NUMBER,
    "user": FactType.TEXT,
    "url": FactType.SECRET_URL,
    "password": FactType.PASSWORD,
}
_NODES = {"nodes": FactType.HOSTS}
_HEARTBEAT = "heartbeat={heartbeat}"
_PIKA_CA = "ssl_options=%7B%27ca_certs%27%3A%27{ca_file}%27%7D"
_KOMBU_TLS = '{{"ca_certs": "{ca_file}", "server_hostname": "{host}"}}'
"""Every node's certificate has the name of all; without one kombu would take each that the authority signed."""


def node_fact(ordinal: int) -> str:
    """The fact that is the host of one node."""
    return f"node_{ordinal + 1}"


def broker_url(tls: Tls | None, host: str = "host") -> str:
    """The text of the fact `url`, or of the same for another fact that is a host."""
    return f"amqp{'s' if tls else ''}://{{user}}:{{password}}@{{{host}}}:{{port}}/{{vhost}}"


def broker_terms(members: int, tls: Tls | None = None) -> Terms:
    """Of a cluster with so many nodes that is reached with this encryption."""
    each = [node_fact(ordinal) for ordinal in range(members)]
    standard = _FACTS | _NODES | tls_facts(tls)
    return Terms(
        facts=standard | dict.fromkeys(each, FactType.HOST),
        standard=tuple(standard),
        presets=_presets(each, tls),
        named=True,
    )


def external_terms(tls: Tls | None) -> Terms:
    """Of a server with one address."""
    facts = _FACTS | tls_facts(tls)
    return Terms(facts=facts, standard=tuple(facts), presets=_presets(["host"], tls), named=True)


def _presets(hosts: Sequence[str], tls: Tls | None) -> Mapping[str, Mapping[str, str]]:
    urls = [broker_url(tls, host) for host in hosts]
    quoted = ", ".join(f'"{url}?{_HEARTBEAT}{f"&{_PIKA_CA}" if tls else ""}"' for url in urls)
    return {
        "pika": {"_URLS": f"[{quoted}]"},
        "aio-pika": {"_URL": f"{broker_url(tls)}?{_HEARTBEAT}{'&cafile={ca_file}' if tls else ''}"},
        "celery": {"_URL": ";".join(urls), "_HEARTBEAT": "{heartbeat}"} | ({"_USE_SSL": _KOMBU_TLS} if tls else {}),
    }
