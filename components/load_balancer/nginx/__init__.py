"""The nginx engine: the traffic vocabulary as nginx.conf (open-source nginx 1.30 and later)."""

from components.load_balancer.nginx.engine import Nginx

__all__ = ["Nginx"]
