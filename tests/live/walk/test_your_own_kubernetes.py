"""The README's "Your own Kubernetes": production's stack file on the sandbox's cluster."""

import re

import pytest

from sandbox.hosts.kubernetes import KubernetesCluster
from sandbox.hosts.profiles import profile
from sandbox.hosts.waiting import wait_until
from sandbox.images import ensure_images
from tests.live.dev.stacks import Settings
from tests.live.walk.conftest import Makes
from tests.live.walk.following import FILE, changes_engines, follow, platform, says, sized_for_two_cores
from tests.live.walk.readme import STACK, section

pytestmark = [pytest.mark.live, pytest.mark.kubernetes, pytest.mark.timeout(1200, func_only=True)]
NAMESPACE = f"ha-platform-{STACK}"
NODES = profile("kubernetes").host_count


def test_your_own_kubernetes(kubernetes_cluster: KubernetesCluster, person: Makes) -> None:
    """`cluster-ip`, for no cloud gives this cluster a balancer. Members share its nodes where these are too few, as the
    section's first step says."""
    ensure_images()
    told = section("Your own Kubernetes")
    somebody = person({"KUBECONFIG": str(kubernetes_cluster.kubeconfig)})
    somebody.types("export KUBECONFIG=...")
    ran: list[str] = []

    def kubectl(*arguments: str) -> str:
        return kubernetes_cluster.kubectl(["--namespace", NAMESPACE, *arguments])

    def pods() -> list[str]:
        running = ("--field-selector", "status.phase=Running")  # the pods of jobs go after a while
        return kubectl("get", "pods", *running, "-o", "jsonpath={.items[*].metadata.uid}").split()

    def own(settings: Settings) -> None:
        sized_for_two_cores(settings)
        context = kubectl("config", "current-context").strip()
        settings["platform"] = platform(told, context=context, entry="cluster-ip", nodes=NODES)
        if settings["databases"]["main"]["members"] > NODES:
            assert "`platform.share_nodes: true`" in told.text
            settings["platform"]["share_nodes"] = True

    def deployed(text: str) -> None:
        says(text, r"\+ \d+ created")
        # No pod of the stack may connect to the balancer: the API server asks, as from the outside.
        kubectl("get", "--raw", f"/api/v1/namespaces/{NAMESPACE}/services/edge:http/proxy/ready")
        ran.extend(pods())

    def again(text: str) -> None:
        says(text, r"\n +\d+ unchanged", "engine pulumi")
        changes_engines(somebody)
        assert sorted(pods()) == sorted(ran) != [], "nothing was restarted"

    then = {"cp ": lambda _: somebody.edits(FILE, own), "pulumi up": deployed, "make up": again}
    follow(somebody, told, then)
    (option,) = re.findall(r"`pulumi destroy` refuses unless\s+given `(--[a-z-]+)`", told.text)
    refused = somebody.types(f"pulumi destroy -s {STACK}")
    assert refused.code != 0
    says(refused.text, "protected")
    removed = somebody.types(f"pulumi destroy -s {STACK} {option}")
    assert removed.code == 0, removed.text
    wait_until(lambda: not pods(), "nothing of it runs", 180)
    assert "data-main-pg-0" in kubectl("get", "pvc", "-o", "name"), "and the data is kept"
