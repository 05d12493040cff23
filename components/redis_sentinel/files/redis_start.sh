# Starts Redis as replica of the master that the Sentinels know. When none answers (the first start, or a restart of
# everything) the member keeps the part it had, and at its very first start member 0 is the master.
set -eu
config="$HA_VOLUME/redis.conf"
umask 077
exec 9>"$HA_VOLUME/.lock"
flock --exclusive 9
master=""
for sentinel in $HA_SENTINELS; do
  master=$(REDISCLI_AUTH=$(cat /etc/ha-redis/sentinel_password) timeout 2 \
    redis-cli -h "$sentinel" -p 26379 sentinel get-master-addr-by-name "$HA_MASTER" 2>/dev/null | head -n 1) || true
  [ -n "$master" ] && break
done
if [ -n "$master" ] || [ ! -e "$config" ]; then
  [ -n "$master" ] || master=$HA_FIRST_MEMBER
  {
    echo "include /etc/ha-redis/redis.conf"
    echo "include /etc/ha-redis/auth.conf"
    echo "replica-announce-ip $HA_HOST"
    echo "replica-announce-port 6379"
    [ "$master" = "$HA_HOST" ] || echo "replicaof $master 6379"
  } >"$config"
fi
exec redis-server "$config"
