# Beside a running server: it takes writes when the Sentinels see it, and corrects itself where it is not what they say.
#
# `$1`: when the server started, in hundredths of a second since the host did, if it started as a master whose writes are
# held. A container that is started again may have another address. Until the Sentinels have asked there, they count it as
# lost, and may promote another at any moment: what it had acknowledged until then would be gone.
#
# After a split, or a failover that nobody finished, Sentinel corrects a second master after 10 s at the earliest, and one
# that follows a replica of its own only by another failover, for which no replica may be fit: none had a master.
set -eu
. /etc/ha-redis/masters.sh
has_data=yes # only a majority is believed
needed=$(sed -n 's/^min-replicas-to-write //p' /etc/ha-redis/redis.conf)

at() {
  host=$1
  shift
  REDISCLI_AUTH=$redis_password timeout 2 $HA_CLI -h "$host" --user "$HA_USER" "$@" 2>/dev/null | tr -d '\r'
}
redis() { at 127.0.0.1 "$@"; }
say() { printf '%s\n' "$@" | redis >/dev/null; }
hundredths() {
  read -r up _ </proc/uptime
  echo "${up%.*}${up#*.}"
}

# Whether every Sentinel that answers, and a majority, has heard of this server since its start, or will in time: one whose
# connection is silent makes another when half of its patience is over.
seen() {
  age=$((10 * ($(hundredths) - $1)))
  views | {
    count=0
    while read -r host _ silent flags; do
      case $flags in *_down* | *failover_in_progress*) exit 1 ;; esac
      [ "$host" = "$HA_HOST" ] && { [ "$silent" -lt $age ] || [ "$silent" -lt "$HA_PATIENT_MILLIS" ]; } || exit 1
      count=$((count + 1))
    done
    [ $count -ge $majority ]
  }
}

follow() { say multi "replicaof $1 6379" "client unpause" "client kill type normal" exec; }

if [ -n "$1" ]; then
  until [ "$(redis ping)" = PONG ]; do sleep 0.2; done # it loads
  end=$(($(hundredths) + 100 * HA_HOLD_SECONDS))
  until seen "$1" || [ "$(hundredths)" -ge $end ]; do
    master=$(named)
    case $master in
      "" | "$HA_HOST") ;;
      *) echo "$master was made the master before this one was seen" && follow "$master" ;;
    esac
    case $(redis role) in slave*) break ;; esac
    sleep 0.2
  done
  until [ "$(redis config set min-replicas-to-write "${needed:-0}")" = OK ]; do sleep 0.2; done
  echo "writes are no longer held"
fi

# What is to be done, by the server's own word and the Sentinels': `follow <host>`, `lead`, or nothing. Who follows a
# master is left alone: the Sentinels may not know it yet. In a ring of replicas each has a connection now and then.
wanted() {
  told=$(redis info replication)
  case $told in
    *role:master*) now=$HA_HOST ;;
    *role:slave*)
      now=$(echo "$told" | sed -n 's/^master_host://p')
      case $told in
        *master_link_status:up*) case $(at "$now" info replication) in *role:slave*) ;; *) return 0 ;; esac ;;
      esac
      ;;
    *) return 0 ;;
  esac
  master=$(named)
  case $master in "" | "$now") ;; "$HA_HOST") echo lead ;; *) echo "follow $master" ;; esac
}

# Three times the same: the Sentinels may be about to do it.
before="" times=0
while sleep 2; do
  now=$(wanted)
  if [ -z "$now" ] || [ "$now" != "$before" ]; then
    before=$now times=1
    continue
  fi
  times=$((times + 1))
  [ $times -ge 3 ] || continue
  echo "the Sentinels say otherwise: $now"
  case $now in
    lead) say "replicaof no one" ;;
    *) follow "${now#follow }" ;;
  esac
  before=""
done
