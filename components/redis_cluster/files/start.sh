# Starts a member of the cluster. Its volume remembers who it is, which slots it has, and by which names it knows the others;
# watch.sh finds them again where their addresses have changed, and puts the member in its place.
#
# A member that leads slots and comes back without data would be copied by its replicas, and their keys be gone. So it opens
# no port until one of them leads, or all of them hold nothing, or none is there. A person who accepts the loss creates the
# file start-empty in the volume.
set -eu
trap 'exit 143' TERM
config="$HA_VOLUME/redis.conf" nodes="$HA_VOLUME/nodes.conf"
umask 077
exec 9>"$HA_VOLUME/.lock"
flock --exclusive 9
. /etc/ha-redis/asking.sh

# What the other members of the shard say: `led` by one of them, `keys`, `nothing`, or `unknown` where one is silent.
others_hold() {
  held=nothing
  for peer in $HA_SHARD; do
    [ "$peer" != "$HA_HOST" ] || continue
    case $(at "$peer" info) in
      "") [ $held = keys ] || held=unknown ;;
      *role:master*cluster_enabled:1*db0:keys=*) echo led && return ;;
      *loading:1* | *db0:keys=*) held=keys ;;
    esac
  done
  echo $held
}

if [ "$HA_PERSISTED" = yes ] && ls "$HA_VOLUME"/appendonlydir/*.manifest >/dev/null 2>&1; then
  has_data=yes
else
  has_data=no
  rm -f "$HA_VOLUME/dump.rdb" # what a replica without persistence has received and not removed
fi
led=$(awk '/myself,master/ && NF > 8 { print "yes" }' "$nodes" 2>/dev/null || true)
waited=0
while [ $has_data = no ] && [ "$led" = yes ] && [ ! -e "$HA_VOLUME/start-empty" ]; do
  held=$(others_hold)
  case $held in led | nothing) break ;; esac
  [ "$held" != unknown ] || [ $waited -lt 15 ] || break
  echo "no data here, and the others of the shard may have some: waiting until one of them leads"
  sleep 1
  waited=$((waited + 1))
done
rm -f "$HA_VOLUME/start-empty"
{
  echo "include /etc/ha-redis/redis.conf"
  echo "include /etc/ha-redis/auth.conf"
  echo "cluster-announce-hostname $HA_HOST"
} >"$config.new"
mv "$config.new" "$config"
# A member that is back takes no writes until it has heard of most of those that lead: it may have been replaced.
hold="" since=""
if [ -s "$nodes" ]; then
  hold="--min-replicas-to-write 100"
  since=$(date +%s)
fi
redis-server "$config" $hold &
server=$!
sh /etc/ha-redis/watch.sh "$since" 9>&- &
watch=$!
# It is told again until it ends: while it writes its first log after a copy it refuses.
tell() { while kill -TERM $server 2>/dev/null; do sleep 1; done; }
trap 'kill $watch 2>/dev/null || true; sh /etc/ha-redis/hand_over.sh || true; tell &' TERM
code=0
wait $server || code=$?
while kill -0 $server 2>/dev/null; do # a signal ended the wait, not the server
  code=0
  wait $server || code=$?
done
kill $watch 2>/dev/null || true
exit $code
