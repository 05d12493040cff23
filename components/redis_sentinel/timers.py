"""Times of a Redis group that no setting chooses."""

MAX_LAG_SECONDS = 3
"""A replica is in reach while it acknowledged not longer ago than this (`min-replicas-max-lag`), by default."""
REPL_TIMEOUT_SECONDS = 5
"""A replica that is silent for so long is dropped (`repl-timeout`), whatever lag is allowed: it is raised to that."""
SOCKET_TIMEOUT_SECONDS = 2
"""What clients are told to wait for an answer (`socket_timeout` of the contract)."""
ASK_SECONDS = 2
"""How long the scripts of servers and Sentinels wait for an answer (`timeout 2`)."""
