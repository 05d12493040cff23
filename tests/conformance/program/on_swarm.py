"""Docker objects with every option that the Swarm renderers set."""

import base64

import pulumi
import pulumi_docker as docker

LABELS = {"conformance.component": "web", "conformance.stack": "swarm"}
STAY = ["sh", "-c", "trap 'exit 0' TERM; while :; do sleep 1 & wait; done"]
"""Ends at once when asked: the real provider fails to remove a container that uses its stop grace up."""


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def deploy(tier: pulumi.Resource, image: str, password: pulumi.Output[str]) -> dict[str, pulumi.Input[str]]:
    options = pulumi.ResourceOptions(parent=tier)
    network = docker.Network(
        "network",
        docker.NetworkArgs(
            name="conformance-net",
            driver="overlay",
            attachable=False,
            labels=[docker.NetworkLabelArgs(label=k, value=v) for k, v in LABELS.items()],
        ),
        opts=options,
    )
    secret = docker.Secret(
        "secret",
        docker.SecretArgs(
            data=password.apply(encoded),
            labels=[docker.SecretLabelArgs(label=k, value=v) for k, v in LABELS.items()],
        ),
        opts=options,
    )
    config = docker.ServiceConfig("config", docker.ServiceConfigArgs(data=encoded("level = debug")), opts=options)
    volume = docker.Volume("volume", docker.VolumeArgs(name="conformance-volume"), opts=options)
    container = docker.ServiceTaskSpecContainerSpecArgs(
        image=image,
        commands=STAY,
        args=["web"],
        hostname="web",
        dir="/tmp",
        env={"LEVEL": "debug", "EQUALS": "a=b"},
        user="0:0",
        groups=["1001"],
        read_only=True,
        init=True,
        stop_signal="SIGTERM",
        stop_grace_period="10s",
        cap_drops=["ALL"],
        cap_adds=["CAP_NET_BIND_SERVICE"],
        sysctl={"net.core.somaxconn": "1024"},
        labels=[docker.ServiceTaskSpecContainerSpecLabelArgs(label=k, value=v) for k, v in LABELS.items()],
        hosts=[docker.ServiceTaskSpecContainerSpecHostArgs(host="outside", ip="192.0.2.1")],
        dns_config=docker.ServiceTaskSpecContainerSpecDnsConfigArgs(
            nameservers=[], options=["timeout:1", "attempts:1"]
        ),
        healthcheck=docker.ServiceTaskSpecContainerSpecHealthcheckArgs(
            tests=["CMD", "true"], interval="1s", timeout="1s", start_period="5s", retries=3
        ),
        mounts=[
            docker.ServiceTaskSpecContainerSpecMountArgs(
                type="tmpfs",
                target="/tmp",
                tmpfs_options=docker.ServiceTaskSpecContainerSpecMountTmpfsOptionsArgs(size_bytes=1 << 20, mode=0o1777),
            ),
            docker.ServiceTaskSpecContainerSpecMountArgs(type="volume", source=volume.name, target="/shared"),
            docker.ServiceTaskSpecContainerSpecMountArgs(
                type="volume",
                source="conformance-own",
                target="/own",
                volume_options=docker.ServiceTaskSpecContainerSpecMountVolumeOptionsArgs(
                    no_copy=True,
                    labels=[
                        docker.ServiceTaskSpecContainerSpecMountVolumeOptionsLabelArgs(label=k, value=v)
                        for k, v in LABELS.items()
                    ],
                ),
            ),
            docker.ServiceTaskSpecContainerSpecMountArgs(
                type="bind",
                source="/proc",
                target="/host/proc",
                read_only=True,
                bind_options=docker.ServiceTaskSpecContainerSpecMountBindOptionsArgs(propagation="rprivate"),
            ),
        ],
        secrets=[
            docker.ServiceTaskSpecContainerSpecSecretArgs(
                secret_id=secret.id,
                secret_name=secret.name,
                file_name="/run/secrets/password",
                file_uid="1000",
                file_gid="1000",
                file_mode=0o400,
            )
        ],
        configs=[
            docker.ServiceTaskSpecContainerSpecConfigArgs(
                config_id=config.id, config_name=config.name, file_name="/etc/web.conf"
            )
        ],
    )
    service = docker.Service(
        "web",
        docker.ServiceArgs(
            name="conformance-web",
            labels=[docker.ServiceLabelArgs(label=k, value=v) for k, v in LABELS.items()],
            task_spec=docker.ServiceTaskSpecArgs(
                container_spec=container,
                networks_advanceds=[docker.ServiceTaskSpecNetworksAdvancedArgs(id=network.id, aliases=["web"])],
                resources=docker.ServiceTaskSpecResourcesArgs(
                    limits=docker.ServiceTaskSpecResourcesLimitsArgs(nano_cpus=500_000_000, memory_bytes=64 << 20),
                    reservation=docker.ServiceTaskSpecResourcesReservationArgs(memory_bytes=8 << 20),
                ),
                placement=docker.ServiceTaskSpecPlacementArgs(
                    constraints=["node.role==manager"], prefs=["node.hostname"], max_replicas=3
                ),
                restart_policy=docker.ServiceTaskSpecRestartPolicyArgs(
                    condition="any", delay="2s", max_attempts=0, window="0s"
                ),
                log_driver=docker.ServiceTaskSpecLogDriverArgs(name="json-file", options={"max-size": "1m"}),
                force_update=0,
            ),
            mode=docker.ServiceModeArgs(replicated=docker.ServiceModeReplicatedArgs(replicas=2)),
            endpoint_spec=docker.ServiceEndpointSpecArgs(mode="dnsrr"),
            update_config=docker.ServiceUpdateConfigArgs(
                parallelism=1,
                failure_action="rollback",
                monitor="2s",
                order="start-first",
                max_failure_ratio="0.0",
                delay="0s",
            ),
            rollback_config=docker.ServiceRollbackConfigArgs(order="start-first", monitor="2s"),
            converge_config=docker.ServiceConvergeConfigArgs(delay="1s", timeout="2m"),
        ),
        opts=options,
    )
    docker.Service(
        "agent",
        docker.ServiceArgs(
            name="conformance-agent",
            mode=docker.ServiceModeArgs(global_=True),
            task_spec=docker.ServiceTaskSpecArgs(
                container_spec=docker.ServiceTaskSpecContainerSpecArgs(
                    image=image, commands=STAY, stop_grace_period="10s"
                )
            ),
            endpoint_spec=docker.ServiceEndpointSpecArgs(
                mode="dnsrr",
                ports=[
                    docker.ServiceEndpointSpecPortArgs(target_port=80, published_port=18099, publish_mode="host"),
                ],
            ),
        ),
        opts=pulumi.ResourceOptions(parent=tier, depends_on=[service]),
    )
    return {"service": service.name, "network": network.name}
