# Ready: it leads slots and sees the cluster whole, or has caught up with who leads; before there are slots, its shard's home
# leads nothing yet.
set -eu
. /etc/ha-redis/asking.sh
replication=$(own info replication)
case $replication in *role:slave*master_link_status:up*) exit 0 ;; *role:master*) ;; *) exit 1 ;; esac
cluster=$(own cluster info)
case $cluster in
  *cluster_slots_assigned:0*) [ "$HA_HOST" = "$HA_HOME" ] ;;
  *cluster_state:ok*) case $(itself 127.0.0.1) in "0 "*) [ "$HA_HOST" = "$HA_HOME" ] ;; esac ;;
  *) exit 1 ;;
esac
