"""Fields of words that a cluster may leave without effect."""

from collections.abc import Mapping

NOTED: Mapping[str, str] = {
    "tier": "who may connect to whom is written as NetworkPolicies, but it is not known whether the cluster's network "
    "enforces them; set `platform.enforces_network_policy` where it does",
}
"""Field -> what follows."""
