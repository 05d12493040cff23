"""An application with volumes says members, each with its own data."""

from components.app_tier.settings import AppTierSettings
from model import Job, Members, Volume, Workload
from tests.components.app_tier.test_app_component import made


def test_replicas_with_a_volume_are_members() -> None:
    component, platform = made(volumes={"/var/lib/app": 2**30}, replicas=3, hosts=["a", "b", "c"], metrics={})
    word = platform.one(Members)
    assert not platform.names(Workload)
    assert (word.name, word.count, word.hosts, word.peers) == ("web", 3, ("a", "b", "c"), False)
    assert word.volume == Volume(path="/var/lib/app", size_bytes=2**30)
    assert [(port.name, port.number) for port in word.ports] == [("http", 8000)]
    assert component.max_replicas == 3, "none is added during an update"
    assert [target.job for target in component.observability.targets] == ["app-web"]


def test_one_replica_is_the_default() -> None:
    assert made(volumes={"/var/lib/app": 2**30})[1].one(Members).count == 1
    assert AppTierSettings(image="registry.example.com/web:1", port=1).count == 2


def test_a_migration_runs_before_them_without_the_volume() -> None:
    _, platform = made(volumes={"/var/lib/app": 2**30}, migrations={"command": ["migrate"]})
    job, word = platform.one(Job), platform.one(Members)
    assert job.container.files == word.container.files
    assert len(word.depends_on) > len(job.depends_on)


def test_shared_volumes_leave_replicas_alike_and_are_waited_for() -> None:
    uses = {"/srv/files": "files", "/srv/old": {"volume": "files", "read_only": True, "instead_of": "older"}}
    _, platform = made(shared_volumes=uses, migrations={"command": ["migrate"]})
    job, word = platform.one(Job), platform.one(Workload)
    mounts = [(one.path, one.source.name, one.read_only, one.instead_of) for one in word.container.shared]
    assert mounts == [("/srv/files", "files", False, None), ("/srv/old", "files", True, "older")]
    assert job.container.shared == word.container.shared
    assert [resource._name for resource in job.depends_on].count("main") == 2, "the database, and once the volume"
