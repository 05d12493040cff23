"""The words that a broker says, and what it gives to its clients and to monitoring."""

import base64
import hashlib
import json
from typing import Any

import pulumi
import pytest

from components.contracts import BackupRepository
from components.rabbitmq import RabbitMQ
from components.rabbitmq.definitions import password_hash
from components.rabbitmq.settings import RabbitSettings
from components.store_image import StoreImage
from model import ConfigFile, Image, Members, Origin, Tier, Workload
from tests.components.recorder import Recorder, recorded

IMAGE = StoreImage(
    image=Image(ref="docker.io/library/rabbitmq:4.0", uid=100, gid=101),
    data_dir="/var/lib/rabbitmq",
    bin_dir="/opt/rabbitmq/sbin",
)


def made(*apps: str, **settings: Any) -> tuple[RabbitMQ, Recorder]:
    model = RabbitSettings.model_validate(settings)
    return recorded(
        lambda platform: RabbitMQ("jobs", model, platform=platform, image=IMAGE, apps=apps),
        type_="ha-platform:data:RabbitMQ",
    )


def told(*apps: str, **settings: Any) -> dict[str, Any]:
    """The definitions."""
    found: dict[str, Any] = json.loads(made(*apps, **settings)[1].secrets["jobs-definitions"])
    return found


def lines(**settings: Any) -> dict[str, str]:
    text = made(**settings)[1].text("jobs-rabbitmq-config")
    return dict(line.split(" = ") for line in text.splitlines() if line and not line.startswith("#"))


def test_members_with_a_volume_each_under_names_that_stay() -> None:
    word = made(volume=3 * 2**30)[1].one(Members)
    assert (word.name, word.count, word.tier) == ("jobs-rabbitmq", 3, Tier.DATA)
    assert word.origin == Origin(key="brokers", name="jobs")
    assert (word.volume.path, word.volume.size_bytes) == ("/var/lib/rabbitmq", 3 * 2**30)
    assert word.container.env["RABBITMQ_NODENAME"] == "rabbit@$(MEMBER_HOST)"
    assert word.container.env["RABBITMQ_MNESIA_BASE"] == "/var/lib/rabbitmq/mnesia"


def test_ports_among_nodes_are_for_them_alone() -> None:
    word = made()[1].one(Members)
    numbers = {port.name: port.number for port in word.ports}
    assert {numbers[name] for name in word.peer_ports} == {4369, 25672}
    assert {numbers[name] for name in numbers.keys() - word.peer_ports} == {5672, 15672, 15692}


def test_no_password_is_in_a_file_that_is_no_secret_or_in_the_definitions() -> None:
    _, platform = made("web", users={"reader": {}}, vhosts={"further": {}})
    texts = [word.text for word in platform.words if isinstance(word, ConfigFile)]
    texts += [value for _, value in platform.one(Members).container.env.items()]
    assert not [text for text in [*texts, platform.secrets["jobs-definitions"]] if "generated-" in text]


def test_a_password_is_told_as_rabbitmq_verifies_it() -> None:
    kept = base64.b64decode(password_hash("web", "secret"))
    assert kept[4:] == hashlib.sha256(kept[:4] + b"secret").digest()
    assert password_hash("web", "secret") == password_hash("web", "secret"), "the same in every update"
    assert password_hash("web", "secret") != password_hash("api", "secret")


@pytest.mark.parametrize(("members", "handling"), [(1, "ignore"), (3, "pause_minority"), (5, "pause_minority")])
def test_a_minority_pauses(members: int, handling: str) -> None:
    found = lines(members=members)
    assert found["cluster_partition_handling"] == handling
    assert found["default_queue_type"] == "quorum"
    assert found["quorum_queue.continuous_membership_reconciliation.target_group_size"] == str(members)


def test_watermarks_follow_from_limits() -> None:
    found = lines()
    assert int(found["vm_memory_high_watermark.absolute"]) == 2**30 * 6 // 10
    assert int(found["total_memory_available_override_value"]) == 2**30
    assert int(found["disk_free_limit.absolute"]) == 2**30
    own = lines(memory_watermark=500 * 2**20, disk_watermark=2 * 2**30)
    assert int(own["vm_memory_high_watermark.absolute"]) == 500 * 2**20
    assert int(own["disk_free_limit.absolute"]) == 2 * 2**30
    assert int(lines(volume=2 * 2**30)["disk_free_limit.absolute"]) == 2**29


def test_each_application_has_a_user_of_its_own_and_nobody_else_may_log_in() -> None:
    found = told("api", "web")
    assert [user["name"] for user in found["users"]] == ["app-api", "app-web"]
    everything = {"configure": ".*", "write": ".*", "read": ".*", "vhost": "app"}
    assert found["permissions"] == [{"user": name, **everything} for name in ("app-api", "app-web")]
    assert all(user["tags"] == [] for user in found["users"]), "no application sees the management page"
    assert [user["name"] for user in told()["users"]] == ["ha_client"], "whom a program of its own constructs it for"


def test_what_the_stack_says_is_what_nodes_load() -> None:
    found = told(
        vhosts={
            "app": {
                "queues": {"tasks": {"arguments": {"x-delivery-limit": 5}}, "old": {"type": "classic"}},
                "exchanges": {"events": {"type": "topic"}},
                "bindings": [{"exchange": "events", "queue": "tasks", "routing_key": "a.*"}],
                "policies": {"short": {"pattern": "^t", "definition": {"max-length": 10}}},
            },
            "further": {},
        },
        users={"reader": {"tags": ["monitoring"], "permissions": {"further": {"read": ".*"}}}},
    )
    assert [(vhost["name"], vhost["default_queue_type"]) for vhost in found["vhosts"]] == [
        ("app", "quorum"), ("further", "quorum")
    ]  # fmt: skip
    assert [(queue["name"], queue["arguments"]) for queue in found["queues"]] == [
        ("tasks", {"x-queue-type": "quorum", "x-delivery-limit": 5}), ("old", {"x-queue-type": "classic"})
    ]  # fmt: skip
    assert [(one["source"], one["destination"], one["routing_key"]) for one in found["bindings"]] == [
        ("events", "tasks", "a.*")
    ]
    assert found["policies"][0]["apply-to"] == "queues"
    (reader,) = [one for one in found["permissions"] if one["user"] == "reader"]
    assert reader == {"user": "reader", "vhost": "further", "configure": "^$", "write": "^$", "read": ".*"}
    assert {user["name"]: user["tags"] for user in found["users"]}["reader"] == ["monitoring"]


def test_the_contract_names_every_node_and_each_client_by_its_own_user() -> None:
    component, platform = made("web", users={"reader": {"permissions": {"app": {}}}}, vhosts={"further": {}})
    web = component.own["web"]
    assert (web.values["user"], web.values["vhost"]) == ("app-web", "app")
    assert web.values["nodes"] == ",".join(f"jobs-rabbitmq-{ordinal}:5672" for ordinal in range(3))
    assert web.resources, "clients wait for the nodes"
    assert {key: one.values["user"] for key, one in component.further.items()} == {
        "further": "vhost-further", "@reader": "reader"
    }  # fmt: skip
    url = platform.secrets["jobs-app-web-url"]
    assert url == f"amqp://app-web:{platform.secrets['jobs-app-web-password']}@jobs-rabbitmq:5672/app"
    passwords = {platform.secrets[one.secrets["password"].name] for one in (web, *component.further.values())}
    assert len(passwords) == 3


def test_monitoring_scrapes_every_node_for_itself_and_for_its_queues() -> None:
    nodes, queues = made()[0].observability.targets
    assert (nodes.path, nodes.expected, nodes.port) == ("/metrics", 3, 15692)
    assert queues.query == {"family": ["queue_coarse_metrics", "queue_consumer_count"]}


def test_clients_are_encrypted_and_those_from_before_go_on_until_they_are_shut_out() -> None:
    offered, required = ({"tls": {"clients": clients}} for clients in ("offered", "required"))
    assert not [key for key in lines() if "ssl" in key], "nobody asked for it"
    both, one = lines(**offered), lines(**required)
    assert (both["listeners.ssl.default"], both["listeners.tcp.default"]) == ("5671", "5672")
    assert "listeners.tcp.default" not in one
    assert one["listeners.tcp.local"] == "127.0.0.1:5672", "the check inside the container comes there"
    assert {both["management.ssl.port"], one["management.ssl.port"]} == {"15672"}
    assert not [key for key in one if key.startswith("management.tcp")]
    ports = [{port.name for port in made(**each)[1].one(Members).ports} for each in (offered, required)]
    assert (ports[0] & {"amqp", "amqps"}, ports[1] & {"amqp", "amqps"}) == ({"amqp", "amqps"}, {"amqps"})


def test_clients_verify_a_certificate_for_every_name_that_they_are_told() -> None:
    component, platform = made("web", tls={"clients": "required"})
    web = component.own["web"]
    assert web.values["nodes"] == ",".join(f"jobs-rabbitmq-{ordinal}:5671" for ordinal in range(3))
    assert (web.values["tls_mode"], web.values["ca_file"]) == ("verify-full", "/run/secrets/jobs-ca.crt")
    assert web.files["ca_file"].name == "jobs-rabbitmq-ca"
    url = platform.secrets["jobs-app-web-url"]
    assert url == f"amqps://app-web:{platform.secrets['jobs-app-web-password']}@jobs-rabbitmq:5671/app"
    told = {web.values["host"], *(str(node).partition(":")[0] for node in str(web.values["nodes"]).split(","))}
    assert told <= set(platform.identities["jobs-rabbitmq-identity"])


def test_the_management_page_is_published_where_somebody_asks_for_it() -> None:
    assert made()[1].one(Members).public_ports == ()
    (page,) = made(management={"port": 15673})[1].one(Members).public_ports
    assert (page.port, page.published, page.audience) == ("management", 15673, "operators")


def test_a_person_logs_in_with_a_password_that_was_given() -> None:
    model = RabbitSettings.model_validate({"users": {"ops": {"tags": ["administrator"], "password": "ops_password"}}})

    def build(platform: Recorder) -> RabbitMQ:
        given = {"ops_password": pulumi.Output.secret("known to a person")}
        return RabbitMQ("jobs", model, platform=platform, image=IMAGE, given=given)

    _, platform = recorded(build, type_="ha-platform:data:RabbitMQ")
    users = {user["name"]: user for user in json.loads(platform.secrets["jobs-definitions"])["users"]}
    assert users["ops"]["password_hash"] == password_hash("ops", "known to a person")
    assert users["ops"]["tags"] == ["administrator"]


def _repository() -> BackupRepository:
    return BackupRepository(options={"type": "posix"}, passphrase=pulumi.Output.secret("passphrase"))


def test_who_copies_is_no_administrator_and_known_in_each_virtual_host() -> None:
    model = RabbitSettings.model_validate({"backups": {"repository": "offsite"}, "vhosts": {"reports": {}}})
    broker, platform = recorded(
        lambda platform: RabbitMQ(
            "jobs", model, platform=platform, image=IMAGE, copier_image=IMAGE.image, repository=_repository()
        ),
        type_="ha-platform:data:RabbitMQ",
    )
    definitions = json.loads(platform.secrets["jobs-definitions"])
    (user,) = (one for one in definitions["users"] if one["name"] == "ha_copies")
    assert user["tags"] == ["management"]
    assert {one["vhost"] for one in definitions["permissions"] if one["user"] == "ha_copies"} == {"app", "reports"}
    assert platform.names(Workload) == {"jobs-copies"}
    assert json.loads(platform.text("jobs-copies-source"))["vhosts"] == ["app", "reports"]
    assert {rule.name for rule in broker.observability.rules} >= {"Rabbit_jobsBackupOverdue", "Rabbit_jobsBackupFailed"}
    assert "ha_copies" not in made()[1].secrets["jobs-definitions"]
