"""What happens to a request between the client and a replica, in words that no proxy owns.

An engine (`components/load_balancer/<engine>/`) renders every field or refuses it.
"""

from components.load_balancer.traffic.balancer import Balancer, Listen, Status, Tls
from components.load_balancer.traffic.cors import Cors
from components.load_balancer.traffic.headers import HeaderChanges, Headers
from components.load_balancer.traffic.health import Check, Ejection
from components.load_balancer.traffic.limits import ClientTimeouts, Limits, RateLimit, Timeouts
from components.load_balancer.traffic.retries import Retries
from components.load_balancer.traffic.route import Route
from components.load_balancer.traffic.shift import Shift, Side
from components.load_balancer.traffic.sticky import Sticky
from components.load_balancer.traffic.tcp import TcpRoute

__all__ = [
    "Balancer",
    "Check",
    "ClientTimeouts",
    "Cors",
    "Ejection",
    "HeaderChanges",
    "Headers",
    "Limits",
    "Listen",
    "RateLimit",
    "Retries",
    "Route",
    "Shift",
    "Side",
    "Status",
    "Sticky",
    "TcpRoute",
    "Timeouts",
    "Tls",
]
