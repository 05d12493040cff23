# Before a planned stop the master hands its part over: writes wait, the replicas catch up, a Sentinel promotes one. The
# server then stops as somebody else's former master, and clients do not wait until the Sentinels miss it.
#
# Writes stay paused to the end: where nobody takes over in time, the server stops without having acknowledged what the
# next master lacks. It is not handed over while a replica that answers lacks data, for a Sentinel could choose that one.
set -eu
redis_password=$(cat /etc/ha-redis/redis_password)
sentinel_password=$(cat /etc/ha-redis/sentinel_password)
end=$(($(date +%s) + HA_HAND_OVER_SECONDS))

redis() { REDISCLI_AUTH=$redis_password timeout 2 $HA_CLI --user "$HA_USER" -h "$@" 2>/dev/null | tr -d '\r'; }
sentinel() {
  host=$1
  shift
  REDISCLI_AUTH=$sentinel_password timeout 2 $HA_CLI -p 26379 -h "$host" sentinel "$@" 2>/dev/null | tr -d '\r'
}
in_time() { [ "$(date +%s)" -lt $end ] || { echo "hand over: $1 within $HA_HAND_OVER_SECONDS s"; exit 1; }; }

# How many replicas have everything up to offset `$1`; fails while one that answers has not.
caught_up() {
  count=0
  for peer in $HA_PEERS; do
    [ "$peer" != "$HA_HOST" ] || continue
    told=$(redis "$peer" info replication)
    [ -n "$told" ] || continue
    case $told in *master_link_status:up*) ;; *) return 1 ;; esac
    [ "$(echo "$told" | sed -n 's/^slave_repl_offset://p')" -ge "$1" ] || return 1
    count=$((count + 1))
  done
  echo $count
}

# The Sentinel that runs beside this member comes last: it may be about to stop as well.
set -- $HA_SENTINELS
for peer in $HA_PEERS; do
  beside=$1
  shift
  if [ "$peer" != "$HA_HOST" ]; then set -- "$@" "$beside"; else own=$beside; fi
done
set -- "$@" "$own"

case $(redis 127.0.0.1 info replication) in *connected_slaves:0*) exit 0 ;; *role:master*) ;; *) exit 0 ;; esac
redis 127.0.0.1 client pause $((HA_HAND_OVER_SECONDS * 10000)) write >/dev/null
offset=$(redis 127.0.0.1 info replication | sed -n 's/^master_repl_offset://p')
until replicas=$(caught_up "$offset"); do
  in_time "a replica lacks data, and did not get it"
  sleep 0.1
done
[ "$replicas" -gt 0 ] || exit 0
# Asked once: a second request could reach a Sentinel that has just finished, and depose the new master.
asked=no
while :; do
  for one in "$@"; do
    case $(sentinel "$one" get-master-addr-by-name "$HA_MASTER" | head -n 1) in
      "" | "$HA_HOST") ;;
      *) echo "handed over" && exit 0 ;;
    esac
  done
  for one in "$@"; do
    [ $asked = no ] || break
    # A Sentinel that still brings replicas to this member, which it has promoted, can do nothing else meanwhile: the
    # next one is asked. One that is about to depose this member is only waited for.
    case $(sentinel "$one" failover "$HA_MASTER") in
      OK) asked=yes ;;
      INPROG*) [ "$(sentinel "$one" master "$HA_MASTER" | sed -n 4p)" != "$HA_HOST" ] || asked=yes ;;
    esac
  done
  in_time "no Sentinel promoted a replica"
  sleep 0.1
done
