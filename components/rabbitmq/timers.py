"""Times of a cluster that no setting chooses."""

HEARTBEAT_SECONDS = 10
"""What the servers tell clients to send at least; one that misses two ends the connection."""
NET_TICK_SECONDS = 15
"""Nodes that hear nothing of each other for so long, and at most a quarter longer, count as parted (`net_ticktime`)."""
SETTLE_SECONDS = 5
"""How long a node that was killed waits before it starts. One that is about to pause has stopped by then: in 4 s."""
SYNC_SECONDS = 30
"""How long a node that is stopped waits for queues that would lose their majority without it."""
DRAIN_SECONDS = 20
"""How long it may take to hand its leaders to others, and to close its connections."""
SHUTDOWN_SECONDS = 20
"""For the server to end."""
START_SECONDS = 600
"""How long a node may take to be ready: after a restart of everything, nodes wait for each other."""
TABLE_RETRIES = 120
"""How often a node waits 30 s for the others' tables before it gives up: an hour, and then it starts again."""
ACK_SECONDS = 1800
"""A message that nobody has acknowledged for so long goes to another consumer: the server's `consumer_timeout`,
where no policy says another."""
