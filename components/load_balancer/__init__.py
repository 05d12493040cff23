"""LoadBalancer: the proxies that the outside reaches."""

from components.load_balancer.component import LoadBalancer
from components.load_balancer.contract import Entry

__all__ = ["Entry", "LoadBalancer"]
