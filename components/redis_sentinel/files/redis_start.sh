# Starts Redis as replica of the master that the Sentinels know. When too few answer (the first start, or a restart of
# everything) the member keeps the part it had, and at its very first start member 0 is the master. Sentinels correct a
# member that kept an old part.
#
# A member without data is master only where nothing can be lost: its replicas would copy the emptiness. While a peer
# may hold keys it waits. The Sentinels see that nobody answers at its address and choose another master, which it then
# copies. A person who accepts the loss creates the file start-empty in the volume.
set -eu
trap 'exit 143' TERM
config="$HA_VOLUME/redis.conf"
umask 077
exec 9>"$HA_VOLUME/.lock"
flock --exclusive 9
. /etc/ha-redis/masters.sh

# Where nobody logs in as the default user any more, this member cannot be copied by one that still does: each peer is told
# to use the members' own user. One of the version before users does not know it, and must be replaced first.
if [ "$HA_USER" != default ]; then
  for peer in $HA_PEERS; do
    [ "$peer" != "$HA_HOST" ] || continue
    answer=$(echo "config set masteruser $HA_USER masterauth $redis_password" |
      REDISCLI_AUTH=$redis_password timeout 2 $HA_CLI -h "$peer" --user "$HA_USER" 2>&1) || continue
    case $answer in
      *WRONGPASS* | *NOAUTH*)
        echo "$peer does not know the user $HA_USER: write \`default_user: parts\`, update, and then \`off\`" >&2
        exit 1
        ;;
    esac
  done
fi
# What the peers hold: `keys` if one holds some or does not tell, `nothing` if all say so, `unknown` if some are silent.
peers_hold() {
  held=nothing
  for peer in $HA_PEERS; do
    [ "$peer" != "$HA_HOST" ] || continue
    answer=$(REDISCLI_AUTH=$redis_password timeout 2 $HA_CLI -h "$peer" --user "$HA_USER" info 2>/dev/null) || answer=silent
    case $answer in
      silent) held=unknown ;;
      *loading:1* | *db[0-9]*:keys=*) echo keys && return ;;
      *"# Keyspace"*) ;;
      *) echo keys && return ;;
    esac
  done
  echo "$held"
}

if [ "$HA_PERSISTED" = yes ] && ls "$HA_VOLUME"/appendonlydir/*.manifest >/dev/null 2>&1; then
  has_data=yes
else
  has_data=no
  rm -f "$HA_VOLUME/dump.rdb" # what a replica without persistence has received and not removed
fi
master=$(named)
started=$(date +%s)
while [ $has_data = no ]; do
  part=${master:-$(sed -n 's/^replicaof \(.*\) 6379$/\1/p' "$config" 2>/dev/null || true)}
  [ -n "$part" ] || [ -s "$config" ] || part=$HA_FIRST_MEMBER
  case $part in "" | "$HA_HOST") ;; *) break ;; esac
  held=$(peers_hold)
  if [ "$held" = nothing ] || [ -e "$HA_VOLUME/start-empty" ]; then break; fi
  # No Sentinel and no peer: the first start of all, or a power failure after which the others take a while. Swarm would
  # end a member that waits for half a minute.
  if [ "$held" = unknown ] && [ -z "$master" ]; then
    [ $(($(date +%s) - started)) -lt 15 ] || break
  fi
  echo "no data here and the peers may have some: waiting until another member is the master"
  sleep 1
  master=$(named)
done
rm -f "$HA_VOLUME/start-empty"
if [ -n "$master" ] || [ ! -s "$config" ]; then
  [ -n "$master" ] || master=$HA_FIRST_MEMBER
  {
    echo "include /etc/ha-redis/redis.conf"
    echo "include /etc/ha-redis/auth.conf"
    echo "replica-announce-ip $HA_HOST"
    echo "replica-announce-port 6379"
    [ "$master" = "$HA_HOST" ] || echo "replicaof $master 6379"
  } >"$config.new"
  mv "$config.new" "$config" # at once: half a configuration has no password
else
  # Redis wrote its passwords behind the included ones when a Sentinel last had the file rewritten, and what was held.
  sed -i -e '/^requirepass /d' -e '/^masterauth /d' -e '/^masteruser /d' -e '/^min-replicas-to-write /d' "$config"
fi
# A master with data that is back takes no writes until the Sentinels have seen it: none has so many replicas.
hold="" started=""
if [ $has_data = yes ] && [ "$HA_PEERS" != "$HA_HOST" ] && ! grep -q '^replicaof ' "$config"; then
  hold="--min-replicas-to-write 100"
  read -r up _ </proc/uptime
  started=${up%.*}${up#*.}
fi
redis-server "$config" $hold &
server=$!
watch=""
if [ "$HA_PEERS" != "$HA_HOST" ]; then
  sh /etc/ha-redis/watch.sh "$started" 9>&- &
  watch=$!
fi
# It is told again until it ends: while it writes its first log after a copy ("Writing initial AOF") it refuses.
tell() { while kill -TERM $server 2>/dev/null; do sleep 1; done; }
# The server ends by itself when it crashes; at a planned stop it hands over first.
trap '[ -z "$watch" ] || kill $watch 2>/dev/null || true; sh /etc/ha-redis/hand_over.sh || true; tell &' TERM
code=0
wait $server || code=$?
while kill -0 $server 2>/dev/null; do # a signal ended the wait, not the server
  code=0
  wait $server || code=$?
done
[ -z "$watch" ] || kill $watch 2>/dev/null || true
exit $code
