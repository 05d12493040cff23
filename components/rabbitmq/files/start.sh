# Starts one node of a RabbitMQ cluster, and stops it so that no queue loses its majority by it.
#
# A node without data never founds a cluster beside one that is there: it joins. Where a cluster still knows a node of
# its name (a lost volume), that one is forgotten first; its queues get a copy here again. Only member 0 founds, and
# only while no other member's Erlang answers.
set -eu
trap 'exit 143' TERM INT
umask 077
directory=/etc/ha-rabbitmq
PATH="$HA_PROGRAMS:$PATH"
own="$RABBITMQ_MNESIA_BASE/$RABBITMQ_NODENAME"

# Erlang takes no cookie that others may read, as a mounted secret is.
rm -f "$HOME/.erlang.cookie"
cat "$directory/cookie" >"$HOME/.erlang.cookie"
chmod 400 "$HOME/.erlang.cookie"
# A name of its own is not in DNS before it is ready, and the node asks for it at once.
printf '{lookup, [file, native]}.\n{host, {%s}, ["%s"]}.\n' "$(echo "$HA_LISTEN" | tr . ,)" "${RABBITMQ_NODENAME#*@}" >"$ERL_INETRC"
rm -f "$HA_APPLIED"
mkdir -p "$RABBITMQ_CONFIG_FILES"

say() { echo "ha-platform: $*" >&2; }
ask() {
  peer=$1
  shift
  timeout 20 rabbitmqctl --quiet --node "$peer" "$@" 2>/dev/null
}

# Joins if a peer runs (0), founds if none is up (1), else there is somebody to wait for (2).
look() {
  found=1
  for peer in $HA_PEERS; do
    [ "$peer" != "$RABBITMQ_NODENAME" ] || continue
    # A name that is not known is nobody's who runs. To ask it would take Erlang all its time.
    getent ahosts "${peer#*@}" >/dev/null || continue
    code=0
    said=$(ask "$peer" eval "{rabbit:is_running(), lists:member('$RABBITMQ_NODENAME', rabbit_nodes:list_members())}.") ||
      code=$?
    case "$code $said" in
    '0 {true,true}')
      say "$peer knows a node of this name, and here is no data: it is forgotten there first"
      ask "$peer" forget_cluster_node "$RABBITMQ_NODENAME" || return 2
      return 0
      ;;
    '0 {true,false}') return 0 ;;
    # Silent for the whole time (124): it may be there.
    '0 '* | '124 '*) found=2 ;;
    esac
  done
  return $found
}

peer=$RABBITMQ_NODENAME
if [ ! -d "$own" ] && [ -n "$HA_PEERS" ]; then
  while :; do
    answer=0
    look || answer=$?
    [ $answer -ne 0 ] || break
    if [ $answer -eq 1 ] && [ "$RABBITMQ_NODENAME" = "${HA_PEERS%% *}" ]; then
      peer=$RABBITMQ_NODENAME
      break
    fi
    say "no data here yet: waiting for a member that runs"
    sleep 2
  done
fi

# Only read where there is no data: whom to join, or itself.
echo "cluster_formation.classic_config.nodes.1 = $peer" >"$RABBITMQ_CONFIG_FILES/50-peer.conf"

# One that was killed waits until the others have noticed: a node that is about to pause, and one that comes back to it
# before it has, would each wait for the other's tables.
crashed="$RABBITMQ_MNESIA_BASE/running"
if [ -e "$crashed" ] && [ -n "$HA_PEERS" ]; then sleep "$HA_SETTLE_SECONDS"; fi
mkdir -p "$RABBITMQ_MNESIA_BASE"
: >"$crashed"

stop() {
  trap '' TERM INT
  if [ -n "$HA_PEERS" ]; then
    timeout "$HA_SYNC_SECONDS" rabbitmq-upgrade --quiet await_online_quorum_plus_one --timeout "$HA_SYNC_SECONDS" ||
      say "some queue would be without its majority while this node is away"
    timeout "$HA_DRAIN_SECONDS" rabbitmq-upgrade --quiet drain || say "not drained"
  fi
  kill -TERM "$server" 2>/dev/null || :
  while kill -0 "$server" 2>/dev/null; do wait "$server" || :; done
  rm -f "$crashed"
  exit 0
}

# Until the stack's definitions are in force, and every queue has its copy here, the node is not ready. An import adds,
# and takes nothing away.
apply() {
  until rabbitmqctl --quiet await_startup >/dev/null 2>&1; do sleep 1; done
  while :; do
    # A queue that was made before this node joined gets its copy now, not at the next round of the reconciliation.
    [ -z "$HA_PEERS" ] || rabbitmq-queues --quiet grow "$RABBITMQ_NODENAME" all >/dev/null || :
    wrong=$(rabbitmqctl --quiet eval_file "$directory/apply.erl" 2>&1) || :
    [ "$wrong" != "[]" ] || break
    say "not ready: $wrong"
    sleep 5
    rabbitmqctl --quiet import_definitions "$HA_DEFINITIONS" || :
  done
  : >"$HA_APPLIED"
}

trap stop TERM INT
rabbitmq-server &
server=$!
apply &
result=0
wait "$server" || result=$?
exit "$result"
