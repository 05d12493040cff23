# Sentinel rewrites its configuration, so it works on a copy in its volume; the copy's memory of the group is kept. On an
# empty volume it asks the members who is the master, and waits until a majority of them names the same: a guess would be
# believed by members that start at the same time, and a master that becomes a replica of an old one loses its data. Where
# no majority is to come, two hosts of three being away or without data, those that are left decide. Its id
# follows from its name: the others count every id they ever saw as a voter, and with a new one after each loss the rest
# could in the end not be a majority.
set -eu
trap 'exit 143' TERM
config="$HA_VOLUME/sentinel.conf"
umask 077
exec 9>"$HA_VOLUME/.lock"
flock --exclusive 9
if [ -e "$HA_VOLUME/forget" ]; then rm -f "$config" && rm "$HA_VOLUME/forget"; fi # watch.sh

# The master as each member that answers knows it.
told() {
  for peer in $HA_PEERS; do
    REDISCLI_AUTH=$password timeout 2 $HA_CLI -h "$peer" --user "$HA_USER" info replication 2>/dev/null | tr -d '\r' |
      sed -n -e "s/^role:master\$/$peer/p" -e 's/^master_host://p'
  done
}

# Whether `$1` is away, and a Sentinel with a memory names it. A master that answers, be it to say that it loads, is not
# overruled: it may have what the others lack.
away_and_known() {
  [ -z "$(REDISCLI_AUTH=$password timeout 2 $HA_CLI -h "$1" --user "$HA_USER" ping 2>/dev/null)" ] || return 1
  for sentinel in $HA_SENTINELS; do
    answer=$(REDISCLI_AUTH=$sentinel_password timeout 2 \
      $HA_CLI -h "$sentinel" -p 26379 sentinel master "$HA_MASTER" 2>/dev/null | tr '\n' ' ') || true
    case $answer in "name $HA_MASTER ip $1 port 6379 "*) return 0 ;; esac
  done
  return 1
}

if [ ! -s "$config" ]; then
  password=$(cat /etc/ha-redis/redis_password)
  sentinel_password=$(cat /etc/ha-redis/sentinel_password)
  set -- $HA_PEERS
  majority=$(($# / 2 + 1))
  patience=$(($(date +%s) + HA_PATIENCE_SECONDS))
  while set -- $(told | sort | uniq -c | sort -rn) && [ "${1:-0}" -lt $majority ]; do
    # All that answer follow the same one.
    if [ $# = 2 ] && [ "$(date +%s)" -ge $patience ] && away_and_known "$2"; then
      echo "no majority of the members is here: those that are follow $2"
      break
    fi
    echo "no memory here: waiting until $majority members name the same master"
    sleep 1
  done
  master=$2
  rm -f "$config.new" # a start that was killed may have left it read-only
  sed "s/^sentinel monitor $HA_MASTER [^ ]*/sentinel monitor $HA_MASTER $master/" /etc/ha-redis/sentinel.conf >"$config.new"
  echo "sentinel announce-ip $HA_HOST" >>"$config.new"
  echo "sentinel myid $(echo "$HA_HOST" | sha1sum | cut -c 1-40)" >>"$config.new"
  # It learns of the replicas from the master, which may be away: without one it could win every vote and promote nobody.
  for peer in $HA_PEERS; do
    if [ "$peer" != "$master" ] && [ -n "$(REDISCLI_AUTH=$password timeout 2 $HA_CLI -h "$peer" --user "$HA_USER" ping 2>/dev/null)" ]; then
      echo "sentinel known-replica $HA_MASTER $peer 6379"
    fi
  done >>"$config.new"
  mv "$config.new" "$config"
fi
if ! grep -q "^sentinel monitor $HA_MASTER " "$config"; then
  echo "the volume knows the group by another name than $HA_MASTER: master_name cannot be changed" >&2
  exit 1
fi
# Its memory is kept; the user of the members is that of auth.conf, and the timers are those of the stack file.
sed -i "/^sentinel auth-[a-z]* $HA_MASTER /d" "$config"
for timer in down-after-milliseconds failover-timeout parallel-syncs; do
  sed -i "/^sentinel $timer $HA_MASTER /d" "$config"
  grep "^sentinel $timer $HA_MASTER " /etc/ha-redis/sentinel.conf >>"$config" || true
done
# Configuration files cannot be run.
cp /etc/ha-redis/fence.sh "$HA_VOLUME/fence.sh"
chmod 700 "$HA_VOLUME/fence.sh"
sed -i "/^sentinel notification-script $HA_MASTER /d" "$config"
echo "sentinel notification-script $HA_MASTER $HA_VOLUME/fence.sh" >>"$config"
# For five periods of its questions it counts what another said of the master, and after a failover of the former one: one
# alone could depose the new master. So they are shorter than a master must be silent. And a connection that is silent is
# given up before: the master may be back at another address. No line of the configuration says either.
(
  for _ in $(seq 150); do
    answer=$(REDISCLI_AUTH=$(cat /etc/ha-redis/sentinel_password) timeout 2 \
      $HA_CLI -h 127.0.0.1 -p 26379 sentinel debug ask-period "$HA_ASK_MILLIS" \
      min-link-reconnect-period "$HA_RECONNECT_MILLIS" 2>&1) || true
    [ "$answer" != OK ] || exit 0
    sleep 0.2
  done
  echo "the periods of questions and connections are still those of Sentinel: $answer" >&2
) 9>&- &
sh /etc/ha-redis/watch.sh $$ 9>&- &
exec redis-sentinel "$config"
