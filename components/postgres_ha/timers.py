"""What decides over a PostgreSQL failover and no setting chooses."""

LAG_BYTES = 2**20
"""A replica that is further behind is not promoted (`maximum_lag_on_failover`)."""
CONNECT_SECONDS = 5
"""What clients are told to wait for a connection (`connect_timeout` of the contract)."""
SENDER_SECONDS = 10
"""After how long a server gives up a replica that does not answer (`wal_sender_timeout`)."""
