# Beside a running Sentinel (`$1`: its process): it forgets what it knows where it alone names another master.
#
# A Sentinel hears of an election with the name of the new master. Where it cannot look that name up then, it counts the
# election as known, says `+switch-master`, and keeps the old master. Nobody corrects it, for the election is the newest,
# and after 10 s it makes the new master follow the old one, which follows the new one: the group has none. A host that
# was cut off comes back like that: for some seconds it knows no names. So a Sentinel that differs from most of the group,
# under the same election or a newer one, ends and starts without a memory.
set -eu
. /etc/ha-redis/masters.sh
all=$HA_SENTINELS

# What most of the group names, if it is not `$1` under the election `$2`.
outvoted() {
  HA_SENTINELS=""
  for sentinel in $all; do [ "$sentinel" = "$HA_HOST" ] || HA_SENTINELS="$HA_SENTINELS $sentinel"; done
  views | while read -r host epoch _ flags; do
    case $flags in *failover_in_progress*) continue ;; esac
    if [ "$host" != "$1" ] && [ "$epoch" -ge "$2" ]; then echo "$host"; fi
  done | sort | uniq -c | while read -r count host; do if [ "$count" -ge $majority ]; then echo "$host"; fi; done
}

# Twice the same: it may be about to hear of it.
before=""
while sleep 2 && kill -0 "$1" 2>/dev/null; do
  own=$(
    HA_SENTINELS=127.0.0.1
    views
  )
  master=""
  case $own in
    "" | *failover_in_progress*) ;;
    *) master=$(outvoted ${own% * *}) ;;
  esac
  if [ -n "$master" ] && [ "$master" = "$before" ]; then
    echo "the others name $master, this one ${own%% *}: it forgets what it knows"
    : >"$HA_VOLUME/forget"
    kill -TERM "$1"
    exit 0
  fi
  before=$master
done
