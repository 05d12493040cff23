"""The HAProxy engine: the traffic vocabulary as haproxy.cfg (HAProxy 2.6 and later)."""

from components.load_balancer.haproxy.engine import HAProxy

__all__ = ["HAProxy"]
