"""Times of a Redis group that no setting chooses."""

MAX_LAG_SECONDS = 3
"""A master takes writes while a replica acknowledged not longer ago than this (`min-replicas-max-lag`)."""
SOCKET_TIMEOUT_SECONDS = 2
"""What clients are told to wait for an answer (`socket_timeout` of the contract)."""
