"""Words with every field set to something, for tests that change one field at a time.

A field may have no effect beside others (a published host port forbids start-first), so there are several words of a
kind; an effect in one of them is enough.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from ipaddress import IPv4Network

import pulumi
import pulumi_random as random

from model import (
    Agent,
    ConfigFile,
    ConfigRef,
    Container,
    ExecCheck,
    File,
    Front,
    GivenCertificate,
    HostPath,
    HttpCheck,
    Image,
    Issued,
    Job,
    Members,
    Origin,
    Outside,
    Port,
    Probe,
    Probes,
    PublicPort,
    Resources,
    Scaling,
    ScalingMetric,
    ScalingStep,
    ScalingWindow,
    Schedule,
    Scratch,
    Secret,
    SecretRef,
    Shard,
    SharedMount,
    SharedVolume,
    SharedVolumeRef,
    TcpCheck,
    Tier,
    Toleration,
    Volume,
    Workload,
)
from platforms.base import Platform

Word = Workload | Members | Agent | Job | Schedule | Secret | ConfigFile | SharedVolume

IMAGE = Image(ref="registry.example/app:1", uid=1000, gid=1001)
RESOURCES = Resources(
    cpu_request_millis=100, cpu_limit_millis=500, memory_request_bytes=64 * 2**20, memory_limit_bytes=128 * 2**20
)
PORTS = (Port(name="http", number=8080), Port(name="metrics", number=9100))
HTTP_AND_TCP = Probes(
    ready=Probe(check=HttpCheck(path="/ready", port=8080)), live=Probe(check=TcpCheck(port=8080), interval_seconds=10)
)
EXEC_AND_HTTP = Probes(
    ready=Probe(check=ExecCheck(command=("check", "ready"))),
    live=Probe(check=HttpCheck(path="/health", port=8080), interval_seconds=30),
)
TCP_AND_EXEC = Probes(
    ready=Probe(check=TcpCheck(port=9100)), live=Probe(check=ExecCheck(command=("check", "live")), interval_seconds=7)
)
STEP = ScalingStep(stabilization_seconds=60, percent=100, replicas=4, period_seconds=15, choose="max")
APP = Origin(root="stack", key="apps", name="app")
SHARED = Origin(root="stack", key="volumes", name="shared")
METRIC = ScalingMetric(name="queue_length", query="sum(waiting)", per_replica=20)
WINDOW = ScalingWindow(starts="0 7 * * 1-5", ends="0 20 * * 1-5", zone="UTC", min_replicas=6)
SCALING = Scaling(min_replicas=3, max_replicas=10, cpu_percent=70, memory_percent=80, up=STEP, down=STEP)


@dataclass(frozen=True, kw_only=True)
class Objects:
    """What exists on the platform before the word that is looked at."""

    secret: SecretRef
    other_secret: SecretRef
    config: ConfigRef
    other_config: ConfigRef
    volume: SharedVolumeRef
    other_volume: SharedVolumeRef
    resource: pulumi.Resource

    @classmethod
    def make(cls, platform: Platform, parent: pulumi.Resource) -> "Objects":
        return cls(
            secret=platform.secret(Secret(name="first", value="one"), parent=parent),
            other_secret=platform.secret(Secret(name="second", value="two"), parent=parent),
            config=platform.config_file(ConfigFile(name="first-text", text="one"), parent=parent),
            other_config=platform.config_file(ConfigFile(name="second-text", text="two"), parent=parent),
            volume=SharedVolumeRef(name="files", object_name="test-files", place="here", driver="server"),
            other_volume=SharedVolumeRef(name="others", object_name="test-others", place="there", driver="server"),
            resource=random.RandomPassword("before", length=8),
        )


def container(objects: Objects) -> Container:
    return Container(
        image=IMAGE,
        command=("serve", "--slowly"),
        args=("--port", "8080"),
        env={"MODE": "test"},
        secret_env={"API_KEY": objects.secret},
        files=(
            File(path="/etc/app/token", source=objects.secret),
            File(path="/etc/app.d/app.conf", source=objects.config),
        ),
        scratch=(Scratch(path="/var/cache/app"),),
        shared=(SharedMount(path="/srv/files", source=objects.volume),),
        resources=RESOURCES,
    )


def words(objects: Objects) -> Mapping[str, Word]:
    """Words by a short name for the test report."""
    app = container(objects)
    workload = Workload(
        name="app",
        origin=APP,
        tier=Tier.APP,
        container=app,
        replicas=2,
        ports=PORTS,
        outside=(Outside(port=5432, networks=(IPv4Network("10.8.0.0/16"),)),),
        probes=HTTP_AND_TCP,
    )
    members = Members(
        name="db",
        origin=Origin(root="stack", key="databases", name="db"),
        tier=Tier.DATA,
        container=replace(app, env={"NAME": "$(MEMBER_NAME)"}),
        count=2,
        volume=Volume(path="/var/lib/db", size_bytes=2**30),
        ports=PORTS,
        probes=HTTP_AND_TCP,
    )
    return {
        "workload": workload,
        "workload-tcp-ready": replace(workload, probes=TCP_AND_EXEC),
        "workload-public": replace(
            workload,
            public_ports=(PublicPort(port="http", published=80, audience="clients"),),
            probes=EXEC_AND_HTTP,
            tier=Tier.EDGE,
        ),
        "workload-issued": fronted(workload, Issued(name="letsencrypt", kind="ClusterIssuer")),
        "workload-fronted": fronted(workload, GivenCertificate(certificate="chain", private_key="key")),
        "workload-reserved": replace(workload, tolerations=(Toleration(key="pool", value="models"),)),
        "workload-scaled": replace(workload, scaling=SCALING),
        "workload-by-figures": replace(workload, scaling=replace(SCALING, metrics=(METRIC,))),
        "workload-by-the-clock": replace(workload, scaling=replace(SCALING, windows=(WINDOW,))),
        "members": members,
        "members-shard": replace(members, shard=Shard(of="store", number=0)),
        "member-public": replace(
            members, count=1, public_ports=(PublicPort(port="http", published=80, audience="clients"),)
        ),
        "agent": Agent(
            name="exporter",
            origin=Origin(root="stack", key="monitoring"),
            tier=Tier.MONITORING,
            container=replace(app, shared=()),
            ports=PORTS,
            probes=EXEC_AND_HTTP,
            host_paths=(HostPath(host_path="/proc", mount_path="/host/proc"),),
        ),
        "job": Job(
            name="migrate",
            origin=APP.at("migrations"),
            tier=Tier.APP,
            container=app,
            outside=(Outside(port=5432, networks=(IPv4Network("10.8.0.0/16"),)),),
        ),
        "schedule": Schedule(
            name="tidy",
            origin=APP.at("schedules", "tidy"),
            tier=Tier.APP,
            container=app,
            at="30 3 * * *",
            deadline_seconds=600,
            outside=(Outside(port=5432, networks=(IPv4Network("10.8.0.0/16"),)),),
        ),
        "volume-of-a-class": SharedVolume(name="shared", origin=SHARED, size_bytes=2**30, storage_class="files"),
        "volume-of-a-driver": SharedVolume(
            name="shared",
            origin=SHARED,
            size_bytes=2**30,
            driver="local",
            options={"type": "nfs", "o": "addr=a", "device": ":/a"},
        ),
        "secret": Secret(name="password", value="three"),
        "config-file": ConfigFile(name="conf", text="three"),
    }


def fronted(workload: Workload, tls: GivenCertificate | Issued) -> Workload:
    """Behind something that ends TLS."""
    return replace(
        workload,
        tier=Tier.EDGE,
        public_ports=(PublicPort(port="http", published=80, audience="clients"),),
        front=Front(
            port="http",
            hosts=("www.example.com",),
            any_host=False,
            trusted_proxies=("10.0.0.0/8",),
            annotations={"example.com/body": "1m"},
            tls=tls,
        ),
    )


def render_word(platform: Platform, word: Word, parent: pulumi.Resource) -> None:
    """Hand the word to the platform's method of its kind."""
    match word:
        case Workload():
            platform.workload(word, parent=parent)
        case Members():
            platform.members(word, parent=parent)
        case Agent():
            platform.agent(word, parent=parent)
        case Job():
            platform.job(word, parent=parent)
        case Schedule():
            platform.schedule(word, parent=parent)
        case Secret():
            platform.secret(word, parent=parent)
        case ConfigFile():
            platform.config_file(word, parent=parent)
        case SharedVolume():
            mount = SharedMount(path="/srv", source=platform.shared_volume(word, parent=parent))
            platform.workload(mounting(mount), parent=parent)


def mounting(*mounts: SharedMount) -> Workload:
    """A workload with shared volumes and little else."""
    return Workload(
        name="web",
        origin=APP,
        tier=Tier.APP,
        container=Container(image=IMAGE, resources=RESOURCES, shared=mounts),
        replicas=2,
        probes=EXEC_AND_HTTP,
    )
