"""A program of another team: a database and a cache of ha-platform, and a service of its own that uses both."""

import pulumi
import pulumi_docker as docker

from ha_platform import PostgresArgs, PostgresHA, RedisArgs, RedisSentinel, Swarm, SwarmArgs

manager = docker.Provider("manager", host=pulumi.Config().get("manager"))
shop = Swarm(
    "shop",
    SwarmArgs(nodes=["node-a", "node-b", "node-c"], entry="dns"),
    pulumi.ResourceOptions(provider=manager),
)
orders = PostgresHA("orders", PostgresArgs(volume="50Gi", database="orders"), platform=shop)
jobs = RedisSentinel("jobs", RedisArgs(role="broker"), platform=shop)

spec = docker.ServiceTaskSpecContainerSpecArgs(
    image="registry.example.com/team/ledger:2.1.0",
    env={
        "ORDERS_HOST": orders.host,
        "ORDERS_PORT": orders.port.apply(str),
        "JOBS_SENTINELS": jobs.sentinels.apply(",".join),
    },
)
ledger = docker.Service(
    "ledger",
    task_spec=docker.ServiceTaskSpecArgs(
        container_spec=spec,
        networks_advanceds=shop.app_networks.apply(
            lambda ids: [docker.ServiceTaskSpecNetworksAdvancedArgs(id=id) for id in ids]
        ),
    ),
    opts=pulumi.ResourceOptions(provider=manager, depends_on=[orders, jobs]),
)
pulumi.export("orders", orders.host)
pulumi.export("orders_url", orders.url)
