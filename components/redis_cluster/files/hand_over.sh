# Before a planned stop a member that leads has one of its replicas lead: the replica asks, writes wait, and it has them all
# before it does. Clients do not wait until the member is missed, and no acknowledged write is lost.
set -eu
. /etc/ha-redis/asking.sh
end=$(($(date +%s) + HA_HAND_OVER_SECONDS))
leads() { case $(own info replication) in *role:master*connected_slaves:0*) return 1 ;; *role:master*) ;; *) return 1 ;; esac; }

while leads; do
  case $(itself 127.0.0.1) in "0 "*) exit 0 ;; esac
  for peer in $HA_SHARD; do
    [ "$peer" != "$HA_HOST" ] || continue
    case $(at "$peer" info replication) in *role:slave*master_link_status:up*) ;; *) continue ;; esac
    [ "$(at "$peer" cluster failover)" = OK ] || continue
    for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
      leads || { echo "handed over to $peer" && exit 0; }
      sleep 0.2
    done
  done
  [ "$(date +%s)" -lt $end ] || { echo "hand over: no replica took over within $HA_HAND_OVER_SECONDS s" && exit 1; }
  sleep 0.2
done
