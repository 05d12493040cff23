"""Members on Kubernetes."""

from typing import Any

import pytest

from model import PublicPort, Shard, Toleration, Volume
from platforms.base import Unsupported
from tests.platforms.kubernetes.words import Rendered, container, members, rendered


def of(*, data: str = "delete", settings: dict[str, Any] | None = None, **fields: Any) -> Rendered:
    return rendered(
        lambda platform, parent: platform.members(members(**fields), parent=parent), data=data, **settings or {}
    )


def test_all_start_together_and_are_updated_one_by_one() -> None:
    spec = of().spec("StatefulSet", "db")
    assert (spec["podManagementPolicy"], spec["updateStrategy"]) == ("Parallel", {"type": "RollingUpdate"})


@pytest.mark.parametrize(("data", "deleted"), [("keep", "Retain"), ("delete", "Delete")])
def test_claims_follow_the_data_policy(data: str, deleted: str) -> None:
    out = of(data=data)
    assert out.spec("StatefulSet", "db")["persistentVolumeClaimRetentionPolicy"] == {
        "whenDeleted": deleted,
        "whenScaled": "Retain",
    }
    assert out.resource("Namespace", "namespace").protect is (data == "keep")


@pytest.mark.parametrize("storage_class", [None, "fast"])
def test_each_member_claims_its_volume(storage_class: str | None) -> None:
    out = of(settings={"storage_class": storage_class})
    (template,) = out.spec("StatefulSet", "db")["volumeClaimTemplates"]
    assert template["spec"].get("storageClassName") == storage_class
    assert template["spec"]["resources"]["requests"] == {"storage": "1Gi"}
    mounts = {mount["name"]: mount["mountPath"] for mount in out.container("StatefulSet", "db")["volumeMounts"]}
    assert mounts[template["metadata"]["name"]] == "/var/lib/db"
    for ordinal in range(3):
        claim = out.resource("PersistentVolumeClaim", f"data-db-{ordinal}")
        derived = f"{template['metadata']['name']}-db-{ordinal}"
        assert claim.inputs["metadata"]["name"] == derived, "the name that the StatefulSet looks for"
        assert claim.inputs["spec"] == template["spec"]


def test_a_changed_size_changes_the_claims_before_the_members_and_nothing_of_the_members() -> None:
    before, after = of(), of(volume=Volume(path="/var/lib/db", size_bytes=2**31))
    kept = before.resource("StatefulSet", "db")
    assert kept.ignore_changes == ("spec.volumeClaimTemplates",)
    assert {"data-db-0", "data-db-1", "data-db-2"} <= set(kept.depends_on)
    changed = {one.name for one in before.recorded if one not in after.recorded}
    assert changed == {"db", "data-db-0", "data-db-1", "data-db-2"}
    specs = [out.spec("StatefulSet", "db") | {"volumeClaimTemplates": []} for out in (before, after)]
    assert specs[0] == specs[1]


@pytest.mark.parametrize("data", ["keep", "delete"])
def test_a_claim_is_never_deleted_as_a_resource_and_one_that_is_there_is_taken_over(data: str) -> None:
    out = of(data=data)
    claim = out.resource("PersistentVolumeClaim", "data-db-0")
    assert claim.retain_on_delete is True
    assert claim.inputs["metadata"]["annotations"]["pulumi.com/skipAwait"] == "true"
    provider = out.resource("kubernetes", claim.provider)
    assert provider.inputs["upsertExistingObjects"] == "true"
    assert "upsertExistingObjects" not in out.resource("kubernetes", "kubernetes").inputs


@pytest.mark.parametrize("nodes", [None, 3])
def test_members_never_share_a_node(nodes: int | None) -> None:
    affinity = of(settings={"nodes": nodes}).pod("StatefulSet", "db")["affinity"]["podAntiAffinity"]
    (term,) = affinity["requiredDuringSchedulingIgnoredDuringExecution"]
    assert term["labelSelector"]["matchLabels"] == {"app.kubernetes.io/name": "db"}


def test_a_member_avoids_the_node_of_another_components_same_ordinal() -> None:
    affinity = of().pod("StatefulSet", "db")["affinity"]["podAntiAffinity"]
    (weighted,) = affinity["preferredDuringSchedulingIgnoredDuringExecution"]
    term = weighted["podAffinityTerm"]
    assert term["matchLabelKeys"] == ["apps.kubernetes.io/pod-index"]
    assert term["labelSelector"]["matchExpressions"] == [{"key": "ha-platform/members", "operator": "Exists"}]


def test_a_shards_member_avoids_above_all_the_node_of_another_shards_same_ordinal() -> None:
    out = of(shard=Shard(of="keys", number=2))
    affinity = out.pod("StatefulSet", "db")["affinity"]["podAntiAffinity"]
    strong, weak = affinity["preferredDuringSchedulingIgnoredDuringExecution"]
    assert strong["weight"] > 9 * weak["weight"]
    term = strong["podAffinityTerm"]
    assert term["matchLabelKeys"] == ["apps.kubernetes.io/pod-index"]
    assert term["labelSelector"]["matchLabels"] == {"ha-platform/shard-of": "keys"}
    assert out.spec("StatefulSet", "db")["template"]["metadata"]["labels"]["ha-platform/shard-of"] == "keys"


def test_places_of_volumes_are_refused() -> None:
    with pytest.raises(Unsupported) as refused:
        of(hosts=("a", "b", "c"), abandon_data_on=("a",))
    assert [one.path for one in refused.value.refusals] == [
        "stack.databases.db.hosts", "stack.databases.db.abandon_data_on"
    ]  # fmt: skip


def test_labels_select_the_nodes() -> None:
    assert of(node_labels={"node-type": "database"}).pod("StatefulSet", "db")["nodeSelector"] == {
        "node-type": "database"
    }
    assert "nodeSelector" not in of().pod("StatefulSet", "db")


def test_tolerations_permit_reserved_nodes() -> None:
    wanted = (Toleration(key="pool"), Toleration(key="example.com/for", value="data", effect="NoExecute"))
    assert of(tolerations=wanted).pod("StatefulSet", "db")["tolerations"] == [
        {"key": "pool", "operator": "Exists"},
        {"key": "example.com/for", "operator": "Equal", "value": "data", "effect": "NoExecute"},
    ]
    assert "tolerations" not in of().pod("StatefulSet", "db")


def test_every_member_has_an_address_that_answers_before_it_is_ready() -> None:
    out = of()
    for ordinal in range(3):
        spec = out.spec("Service", f"db-{ordinal}")
        assert spec["selector"] == {"statefulset.kubernetes.io/pod-name": f"db-{ordinal}"}
        assert spec["publishNotReadyAddresses"] is True
    assert "publishNotReadyAddresses" not in out.spec("Service", "db")
    assert out.spec("StatefulSet", "db")["serviceName"] == "db-replicas"


def test_services_come_before_the_pods_that_look_them_up() -> None:
    assert {"db", "db-replicas", "db-0", "db-1", "db-2"} <= set(of().resource("StatefulSet", "db").depends_on)


@pytest.mark.parametrize(("count", "budget"), [(1, False), (3, True)])
def test_a_budget_only_where_one_member_can_be_missed(count: int, budget: bool) -> None:
    assert (("PodDisruptionBudget", "db") in of(count=count)) is budget


def test_texts_name_the_member_and_nothing_else_is_expanded() -> None:
    texts = ("$(MEMBER_NAME)", "$(MEMBER_HOST)", "$(MEMBER_ORDINAL)", "$(HOME)", "a$b", "$$(MEMBER_NAME)")
    out = of(container=container(args=texts, env={"SELF": "http://$(MEMBER_HOST):1"})).container("StatefulSet", "db")
    assert out["args"] == [*texts[:3], "$$(HOME)", "a$$b", "$$$(MEMBER_NAME)"]
    env = {variable["name"]: variable.get("value") for variable in out["env"]}
    assert env["MEMBER_HOST"] == "db-$(MEMBER_ORDINAL).ha-platform-test.svc.cluster.local"
    assert env["SELF"] == "http://$(MEMBER_HOST):1"
    assert list(env)[:3] == ["MEMBER_NAME", "MEMBER_ORDINAL", "MEMBER_HOST"], "expansion sees only earlier variables"


def test_a_single_member_can_be_published() -> None:
    out = of(count=1, public_ports=(PublicPort(port="http", published=9090, audience="clients"),))
    spec = out.spec("Service", "db-public")
    assert (spec["type"], spec["ports"][0]["port"], spec["selector"]) == (
        "LoadBalancer",
        9090,
        {"app.kubernetes.io/name": "db"},
    )
    assert any("from" not in rule for rule in out.spec("NetworkPolicy", "db")["ingress"])


def test_a_member_for_operators_alone_has_no_balancer() -> None:
    out = of(count=1, public_ports=(PublicPort(port="http", published=9090, audience="operators"),))
    assert out.names("Service") == {"db", "db-0", "db-replicas"}
    assert all("from" in rule for rule in out.spec("NetworkPolicy", "db")["ingress"])


def test_members_share_a_node_only_where_the_settings_say_so() -> None:
    assert "requiredDuringSchedulingIgnoredDuringExecution" in anti_affinity()
    with pytest.raises(Unsupported, match=r"`platform.nodes` is 1.*platform.share_nodes"):
        anti_affinity(nodes=1)
    shared = anti_affinity(nodes=1, share_nodes=True)
    assert "requiredDuringSchedulingIgnoredDuringExecution" not in shared
    assert shared["preferredDuringSchedulingIgnoredDuringExecution"]


def anti_affinity(**settings: Any) -> Any:
    out = rendered(lambda platform, parent: platform.members(members(), parent=parent), **settings)
    return out.pod("StatefulSet", "db")["affinity"]["podAntiAffinity"]
