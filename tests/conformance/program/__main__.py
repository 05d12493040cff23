"""What both engines are compared on: the resources of one platform, under fixed names."""

import os

import on_kubernetes
import on_swarm
import pulumi
import pulumi_random as random

IMAGE = os.environ.get("CONFORMANCE_IMAGE", "registry.example/base:1")
"""Any image with a shell; only a deployment needs one that exists."""


class Tier(pulumi.ComponentResource):
    """A parent, as the project's components are."""

    def __init__(self, name: str) -> None:
        super().__init__("conformance:tier:Tier", name)


tier = Tier("tier")
password = random.RandomPassword("password", length=24, special=False, opts=pulumi.ResourceOptions(parent=tier))
deploy = {"swarm": on_swarm.deploy, "kubernetes": on_kubernetes.deploy}[pulumi.Config().require("platform")]
for key, value in deploy(tier, IMAGE, password.result).items():
    pulumi.export(key, value)
tier.register_outputs({})
