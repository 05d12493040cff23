# The port is open while the node runs, has a majority and is not drained.
[ -e "$HA_APPLIED" ] && exec bash -c "exec 3<>/dev/tcp/$HA_LISTEN/5672"
