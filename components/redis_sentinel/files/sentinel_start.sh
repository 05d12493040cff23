# Sentinel rewrites its configuration, so it works on a copy in its volume; the copy's memory of the group is kept. On an
# empty volume it asks the others who is the master. Its id follows from its name: the others count every id they ever
# saw as a voter, and with a new one after each loss the rest could in the end not be a majority.
set -eu
config="$HA_VOLUME/sentinel.conf"
umask 077
exec 9>"$HA_VOLUME/.lock"
flock --exclusive 9
if [ ! -s "$config" ]; then
  password=$(cat /etc/ha-redis/sentinel_password)
  rm -f "$config.new" # a start that was killed may have left it read-only
  cp /etc/ha-redis/sentinel.conf "$config.new"
  chmod 600 "$config.new"
  for sentinel in $HA_SENTINELS; do
    answer=$(REDISCLI_AUTH=$password timeout 2 \
      redis-cli -h "$sentinel" -p 26379 sentinel get-master-addr-by-name "$HA_MASTER" 2>/dev/null | tr '\n' ' ') || true
    case $answer in
      *" 6379 ")
        sed -i "s/^sentinel monitor $HA_MASTER [^ ]*/sentinel monitor $HA_MASTER ${answer%% *}/" "$config.new"
        break
        ;;
    esac
  done
  echo "sentinel announce-ip $HA_HOST" >>"$config.new"
  echo "sentinel myid $(echo "$HA_HOST" | sha1sum | cut -c 1-40)" >>"$config.new"
  mv "$config.new" "$config"
fi
if ! grep -q "^sentinel monitor $HA_MASTER " "$config"; then
  echo "the volume knows the group by another name than $HA_MASTER: master_name cannot be changed" >&2
  exit 1
fi
# Its memory is kept; the timers are those of the stack file.
for timer in down-after-milliseconds failover-timeout parallel-syncs; do
  sed -i "/^sentinel $timer $HA_MASTER /d" "$config"
  grep "^sentinel $timer $HA_MASTER " /etc/ha-redis/sentinel.conf >>"$config" || true
done
exec redis-sentinel "$config"
