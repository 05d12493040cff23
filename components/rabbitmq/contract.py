"""What clients of a broker are told: the facts, and what each library takes.

Sources: pika 1.3 (`URLParameters`, a sequence of them for `BlockingConnection`), aio-pika 9 (`connect_robust`), kombu
5.5 (`Connection`: several addresses with `;`).
"""

from components.contracts import Terms
from components.facts import FactType

PORT = "5672"
_AT = "amqp://{{user}}:{{password}}@{{{host}}}:{{port}}/{{vhost}}"
URL = _AT.format(host="host")

_FACTS = {
    "host": FactType.HOST,
    "port": FactType.PORT,
    "nodes": FactType.HOSTS,
    "vhost": FactType.TEXT,
    "heartbeat": FactType.NUMBER,
    "user": FactType.TEXT,
    "url": FactType.SECRET_URL,
    "password": FactType.PASSWORD,
}


def node_fact(ordinal: int) -> str:
    """The fact that is the host of one node."""
    return f"node_{ordinal + 1}"


def broker_terms(members: int) -> Terms:
    """Of a cluster with so many nodes."""
    each = [node_fact(ordinal) for ordinal in range(members)]
    urls = [_AT.format(host=fact) for fact in each]
    with_heartbeat = [f"{url}?heartbeat={{heartbeat}}" for url in urls]
    quoted = ", ".join(f'"{url}"' for url in with_heartbeat)
    return Terms(
        facts=_FACTS | dict.fromkeys(each, FactType.HOST),
        standard=tuple(_FACTS),
        presets={
            "pika": {"_URLS": f"[{quoted}]"},
            "aio-pika": {"_URL": f"{URL}?heartbeat={{heartbeat}}"},
            "celery": {"_URL": ";".join(urls), "_HEARTBEAT": "{heartbeat}"},
        },
        named=True,
    )
