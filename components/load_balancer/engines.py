"""The engines that are built: a new one is a class in a folder of its own, and a line here."""

from components.load_balancer.engine import Engine
from components.load_balancer.haproxy import HAProxy
from components.load_balancer.nginx import Nginx

ENGINES: dict[str, Engine] = {"haproxy": HAProxy(), "nginx": Nginx()}
"""By the name that a stack file gives."""

NOT_BUILT = ("traefik",)
"""Names that are kept for engines to come."""
