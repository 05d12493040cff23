"""The HAProxy engine: the traffic vocabulary as haproxy.cfg (HAProxy 2.6 and later)."""
