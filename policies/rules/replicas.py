"""How many of something run."""

from collections import Counter
from collections.abc import Iterator

from rules.rule import ADVISORY, Rule
from views import Stack, WorkloadView

_MONITORING = "monitoring"
_VOTERS = frozenset({"peer", "sentinel", "amqp", "amqps", "cluster", "raft", "zookeeper"})
"""Names of ports of servers that vote: etcd, Redis Sentinel, RabbitMQ and others."""
_VOTING_IMAGES = ("etcd", "rabbitmq", "zookeeper", "consul", "sentinel")


def _single(workload: WorkloadView) -> Iterator[str]:
    if workload.kind == "replicas" and workload.replicas == 1 and not _serves_nobody(workload):
        yield f"{workload.name}: one replica; losing its host is an outage."


def _serves_nobody(workload: WorkloadView) -> bool:
    """Whether all that is lost with it are metrics (of an exporter, of a schedule's clock), or a copy that is made up
    for later (what stands below a store's `backups`). An app whose only port is for metrics still has work to do; what
    stands below a key of an app has none."""
    is_app = workload.path[:1] == ("apps",) and len(workload.path) == 2
    only_tells = workload.ports == {"metrics"} and bool(workload.origin) and not is_app
    return only_tells or workload.path[2:3] == ("backups",)


def _groups(stack: Stack) -> Iterator[tuple[WorkloadView, int]]:
    """The first workload of each group of members, and how many members there are."""
    members = [one for one in stack.workloads if one.kind == "members"]
    counted = Counter(one.component for one in members)
    seen: set[str] = set()
    for one in members:
        if one.component not in seen and one.replicas is not None:
            seen.add(one.component)
            yield one, one.replicas if one.platform == "kubernetes" else counted[one.component]


def _single_member(stack: Stack) -> Iterator[str]:
    for first, members in _groups(stack):
        # Monitoring runs once on purpose: what is lost with it are metrics, and a second one would page twice.
        # What is not done while a clock or a restore drill is away stands among the promises.
        if members == 1 and not _serves_nobody(first) and first.path[:1] != (_MONITORING,):
            yield f"{first.component}: one member; its data cannot be reached while its host is away."


def _even(stack: Stack) -> Iterator[str]:
    for first, members in _groups(stack):
        if members % 2 == 0 and _votes(first):
            yield f"{first.component}: {members} members vote; that survives no more than {members - 1} do."


def _votes(member: WorkloadView) -> bool:
    images = [container.image or "" for container in member.main]
    programs = [argument.rpartition("/")[2] for container in member.main for argument in container.arguments]
    return (
        bool(member.ports & _VOTERS)
        or any(word in image.rpartition("/")[2] for image in images for word in _VOTING_IMAGES)
        or any(program.partition(".")[0] in _VOTING_IMAGES for program in programs)
        or member.component.endswith(("-etcd", "-sentinel"))
    )


RULES = (
    Rule(
        name="replicas-survive-one-host",
        says="Workloads run with two replicas or more.",
        why="One replica is down for as long as it takes to start it again elsewhere.",
        fix="Set `replicas: 2`.",
        level=ADVISORY,
        of_workload=_single,
    ),
    Rule(
        name="members-survive-one-host",
        says="What keeps data has two members or more.",
        why="A single member is away with its host, and its data is lost with its disk.",
        fix="Set `members: 3`.",
        level=ADVISORY,
        of_stack=_single_member,
    ),
    Rule(
        name="quorum-is-odd",
        says="Members that vote are an odd number.",
        why="An even number survives no more losses than one less, and has one member more that can be lost.",
        fix="Run 3 or 5.",
        of_stack=_even,
    ),
)
