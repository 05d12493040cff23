"""Three real nodes: what is confirmed stays, a minority takes nothing, and the stack file is in force."""

import asyncio
import json
import re
import ssl
from collections.abc import Iterator
from functools import partial
from typing import Any

import httpx
import pika.exceptions
import pytest

from components.copies.files.copies_repository import Copy, Failed
from components.observability import Observability, ScrapeTarget
from components.rabbitmq.files import copies_source
from components.rabbitmq.guarantees import promises
from components.rabbitmq.observed import observed
from components.rabbitmq.settings import RabbitSettings
from drills.waiting import wait_for
from guarantees.surroundings import Surroundings
from model import Endpoint
from sandbox.app.broker import Broker
from sandbox.app.settings import BrokerSettings
from tests.components.certificates import Authority
from tests.components.monitoring_stack.record import compared, page
from tests.components.rabbitmq.cluster import APP, COUNT, HOST, PASSWORD, Cluster
from tests.components.rabbitmq.confirming import Traffic
from tests.promtool import metrics

pytestmark = pytest.mark.live

SETTINGS: dict[str, Any] = {
    "members": COUNT,
    "tls": {"clients": "offered"},
    "vhosts": {"app": {"queues": {"tasks": {"arguments": {"x-delivery-limit": 1000}}, "mail": {}, "numbered": {}}}},
    "users": {"former": {"permissions": {"app": {"read": ".*"}}}},
}
CHANGED: dict[str, Any] = {
    "members": COUNT,
    "tls": {"clients": "offered"},
    "vhosts": {
        "app": {
            "queues": {"tasks": {"arguments": {"x-delivery-limit": 1000}}, "mail": {"arguments": {"x-max-length": 9}}},
            "exchanges": {"events": {"type": "topic"}},
            "bindings": [{"exchange": "events", "queue": "mail", "routing_key": "user.*"}],
            "policies": {"short": {"pattern": "^mail$", "definition": {"message-ttl": 60000}}},
        }
    },
    "users": {"later": {"tags": ["monitoring"], "permissions": {"app": {"read": ".*"}}}},
    "backups": {"repository": "offsite"},
}
"""`mail` has another form, `former` is gone, everything else is new."""
AROUND = Surroundings(
    restart_millis=5000,
    restart_source="",
    start_millis=2000,
    start_source="",
    look_up_millis=0,
    look_up_source="",
    stable_addresses=True,
)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    made = Cluster(tmp_path_factory.mktemp("rabbitmq"), SETTINGS)
    try:
        made.start()
        made.wait_ready()
        yield made
    finally:
        made.stop()


def told(cluster: Cluster, *command: str, node: int = 1) -> list[list[str]]:
    """The rows of what `rabbitmqctl` lists, without the head."""
    return [line.split("\t") for line in cluster.command(node, "rabbitmqctl", *command).splitlines()[1:]]


def copies(cluster: Cluster) -> dict[str, int]:
    """Queue -> how many nodes have a copy and answer."""
    rows = told(cluster, "list_queues", "--vhost", "app", "name", "online")
    return {name: online.count("rabbit") for name, online in rows}


def known(cluster: Cluster) -> dict[str, Any]:
    """The definitions that are in force."""
    found: dict[str, Any] = json.loads(cluster.command(1, "rabbitmqctl", "export_definitions", "-"))
    return found


def names(things: list[dict[str, Any]], key: str = "name") -> set[str]:
    return {thing[key] for thing in things}


@pytest.mark.slow
def test_what_is_confirmed_stays_and_a_minority_takes_nothing(cluster: Cluster) -> None:
    wait_for("every queue has a copy on every node", lambda: set(copies(cluster).values()) == {COUNT}, seconds=120)
    with Traffic(cluster) as traffic:
        traffic.goes_on()
        leader = dict(told(cluster, "list_queues", "--vhost", "app", "name", "leader"))["tasks"]
        first = int(leader.removeprefix("rabbit")[0])
        cluster.kill(first)
        traffic.goes_on()
        assert traffic.longest * 1000 < _promised("node killed")

        second, third = (one for one in range(COUNT) if one != first)
        cluster.kill(second)
        wait_for("the node without a majority closes its port", lambda: not cluster.ready(third), seconds=120)
        confirmed = len(traffic.confirmed)
        cluster.start(second)
        assert len(traffic.confirmed) == confirmed, "nobody confirms without a majority"
        cluster.wait_ready(second)
        traffic.goes_on()

        cluster.kill()
        cluster.start()
        cluster.wait_ready()
        traffic.goes_on()

        cluster.kill(first)
        cluster.lose_volume(first)
        cluster.start(first)
        cluster.wait_ready(first)
        assert set(copies(cluster).values()) == {COUNT}, "the node without a volume has its copies when it is ready"
        traffic.goes_on()
        traffic.end()
    assert not traffic.lost, f"of {len(traffic.confirmed)} confirmed messages"


def test_a_change_is_refused_whole_or_in_force_whole(cluster: Cluster) -> None:
    """The first node that is replaced says what is there in another form, and removes nothing; the others go on."""
    cluster.command(1, "rabbitmqctl", "add_user", "by-hand", "by-hand")
    with cluster.connect(1) as connection:
        connection.channel().queue_declare("own", durable=True, arguments={"x-queue-type": "quorum"})
    cluster.change(CHANGED)
    with Traffic(cluster, nodes=(1, 2)) as traffic:
        traffic.goes_on()
        traffic.longest = 0
        cluster.stop_one(0)
        cluster.start(0)
        why = "queue mail of app is there in another form"
        wait_for("the node says why", lambda: why in _log(cluster), seconds=120)
        traffic.end()
    assert "not drained" not in _log(cluster), "a planned stop hands over"
    assert traffic.longest * 1000 < _promised("host lost"), "of what nobody handed over, on a machine that is busy"
    assert not traffic.lost
    assert not cluster.ready(0)
    assert cluster.ready(1)
    assert cluster.ready(2)
    assert {"former", "by-hand"} <= names(known(cluster)["users"]), "nothing was removed"

    cluster.command(1, "rabbitmqctl", "delete_queue", "mail", "--vhost", "app")
    cluster.wait_ready(0)
    there = known(cluster)
    users = {APP: [], "later": ["monitoring"], "ha_copies": ["management"]}
    assert {user["name"]: user["tags"] for user in there["users"]} == users
    assert names(there["permissions"], "user") == {*users}
    assert names(there["policies"]) == {"short"}
    assert names(there["queues"]) == {"tasks", "mail", "numbered", "own"}, "what an application declared stays"
    assert names(there["exchanges"]) == {"events"}
    assert ("events", "mail", "user.*") in {
        (one["source"], one["destination"], one["routing_key"]) for one in there["bindings"]
    }


@pytest.mark.slow
def test_what_applications_declared_is_copied_and_made_again(cluster: Cluster) -> None:
    """As the copier does it, by its user, who is known since the change."""
    with cluster.connect(1) as connection:
        channel = connection.channel()
        channel.exchange_declare("made", "topic", durable=True)
        channel.queue_bind("own", "made", "some.#")
        channel.queue_declare("", exclusive=True)
        trust = ssl.create_default_context(cadata=cluster.authority.pem)
        trust.check_hostname = False  # here it is an address
        told = {"nodes": [cluster.address(1)], "port": 15672, "user": "ha_copies", "vhosts": ["app"]}
        broker = copies_source.Broker(told, "generated-orders-ha-copies", trust)
        written: list[bytes] = []
        copy = Copy("20260131-023000", 1, 2, facts=broker.take(written.append))
        before = known(cluster)
        channel.queue_delete("own")
        channel.exchange_delete("made")
        broker.load(copy, iter(written))
        assert broker.restore(copy).endswith("; 2 queues and exchanges were missing")
        after = known(cluster)
        for part, key in (("queues", "name"), ("exchanges", "name"), ("bindings", "routing_key")):
            assert names(after[part], key) == names(before[part], key)
        with pytest.raises(Failed, match=r"401|403"):
            broker._ask(cluster.address(1), "definitions")
        channel.queue_delete("own")
        channel.exchange_delete("made")


def test_nobody_else_logs_in(cluster: Cluster) -> None:
    for user, password, vhost in (("guest", "guest", "/"), ("guest", "guest", "app"), (APP, "wrong", "app")):
        with pytest.raises(pika.exceptions.AMQPError):
            cluster.connect(1, user, password, vhost)
    trust = ssl.create_default_context(cadata=cluster.authority.pem)
    with httpx.Client(verify=trust, auth=(APP, PASSWORD)) as client:
        page = f"https://{cluster.address(1)}:15672/api/overview"
        answer = client.get(page, headers={"Host": HOST}, extensions={"sni_hostname": HOST})
    assert answer.status_code == 401, "the page is for those with tags"


def test_the_sample_application_finds_its_numbers(cluster: Cluster) -> None:
    """What drills of a broker rely on."""
    url = f"amqp://{APP}:{PASSWORD}@{cluster.address(1)}:5672/app"

    async def told() -> tuple[set[int], set[int]]:
        broker = Broker(BrokerSettings(url=url, timeout=60))
        for writer in ("former", "writer"):
            for sequence in range(1, 40):
                await broker.publish(writer, sequence)
        try:
            return await broker.sequences("writer"), await broker.sequences("writer")
        finally:
            await broker.close()

    once, again = asyncio.run(told())
    assert once == again == {*range(1, 40)}, "they stay, and those of others are gone"


def test_clients_verify_the_node_that_they_talk_to(cluster: Cluster) -> None:
    with cluster.connect_encrypted(1, trust=cluster.authority.pem) as connection:
        channel = connection.channel()
        channel.confirm_delivery()
        channel.basic_publish("", "mail", b"1", mandatory=True)
    for wrong in ({"trust": Authority.new().pem}, {"trust": cluster.authority.pem, "host": "somebody-else"}):
        with pytest.raises(ssl.SSLCertVerificationError):
            cluster.connect_encrypted(1, **wrong)
    listening = cluster.command(1, "rabbitmq-diagnostics", "listeners")
    assert re.search(r"port: 5671, protocol: amqp/ssl", listening), listening


def test_every_rule_and_panel_reads_what_a_node_serves(cluster: Cluster) -> None:
    endpoint = Endpoint(host="x", replicas_host="x")
    found: Observability = observed("orders", RabbitSettings.model_validate(SETTINGS), endpoint)
    expressions = [*(rule.expr for rule in found.rules), *(panel.expr for panel in found.panels)]
    wanted = {name for expr in expressions for name in metrics(expr)} - {"up"}
    text = "".join(
        httpx.get(cluster.figures(node, target.path), params=target.query).text
        for target in found.targets
        for node in range(COUNT)
    )
    assert wanted <= set(re.findall(r"^(\w+)", text, re.MULTILINE))


def test_what_nodes_say_is_as_recorded(cluster: Cluster) -> None:
    server = f"RabbitMQ {cluster.command(0, 'rabbitmqctl', 'version').strip()}"
    found = observed("orders", RabbitSettings.model_validate(SETTINGS), Endpoint(host="x", replicas_host="x"))
    for name, target in zip(("rabbitmq", "rabbitmq-queues"), found.targets, strict=True):
        compared(name, server, partial(_pages, cluster, target))


def _pages(cluster: Cluster, target: ScrapeTarget) -> list[str]:
    return [page(cluster.figures(node, target.path), target.query) for node in range(COUNT)]


def _promised(fault: str) -> int:
    """Milliseconds without a confirmed message."""
    (found,) = (one for one in promises(RabbitSettings.model_validate(SETTINGS), AROUND) if one.fault == fault)
    return found.outage_millis or 0


def _log(cluster: Cluster) -> str:
    return cluster.log(0).read_text(errors="replace")
