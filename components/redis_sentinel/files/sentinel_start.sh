# Sentinel rewrites its configuration, so it works on a copy in its volume; the copy's memory of the group is kept.
set -eu
config="$HA_VOLUME/sentinel.conf"
umask 077
exec 9>"$HA_VOLUME/.lock"
flock --exclusive 9
if [ ! -s "$config" ]; then
  cp /etc/ha-redis/sentinel.conf "$config.new"
  chmod 600 "$config.new"
  echo "sentinel announce-ip $HA_HOST" >>"$config.new"
  mv "$config.new" "$config"
fi
exec redis-sentinel "$config"
