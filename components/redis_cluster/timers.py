"""Times of a cluster that no setting chooses."""

SOCKET_TIMEOUT_SECONDS = 2
"""What clients are told to wait for an answer."""
REPL_TIMEOUT_SECONDS = 5
"""A replica that is silent for so long is dropped (`repl-timeout`)."""
HOME_SECONDS = 30
"""How long a shard's home must have been well before it leads again."""
HAND_OVER_SECONDS = 8
"""How long a member that is stopped tries to have a replica lead. On loopback it takes less than 1 s."""
SHUTDOWN_SECONDS = 10
"""How long Redis waits for its replicas before it exits (`shutdown-timeout`)."""
MOVE_SECONDS = 4 * 3600
"""How long giving slots to a new shard may take: room for large values and slow networks."""
