# The port is open while the node runs, has a majority and is not drained.
[ ! -e "$HA_APPLIED" ] || exec bash -c "exec 3<>/dev/tcp/$HA_LISTEN/5672"

# A Swarm knows a member's name once it is ready. Where fewer than a majority are known, those that come back with data
# would not find each other, and never be ready: one whose Erlang runs has to be known.
[ -n "$HA_PEERS" ] && [ -d "$RABBITMQ_MNESIA_BASE/$RABBITMQ_NODENAME" ] || exit 1
all=0 others=0
for peer in $HA_PEERS; do
  all=$((all + 1))
  [ "$peer" = "$RABBITMQ_NODENAME" ] || ! getent ahosts "${peer#*@}" >/dev/null || others=$((others + 1))
done
[ "$others" -le $((all / 2)) ] && exec bash -c "exec 3<>/dev/tcp/$HA_LISTEN/${RABBITMQ_DIST_PORT:-25672}"
exit 1
