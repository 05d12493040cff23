#!/bin/sh
# Sentinel runs this with each of its warnings. It may depose a master that answers: one that it alone missed, while it
# counts what the others said of the former master, or one that is back. Writes that such a master still acknowledged
# would be lost. So it is told to let them wait as soon as a failover begins, and to follow the new master once there is
# one: Sentinel itself says so 10 s later. The pause ends by itself where the failover comes to nothing.
set -u
password=''
while read -r _ key _ value; do case $key in auth-pass) password=$value ;; esac; done </etc/ha-redis/auth.conf
end=$(($(date +%s) + HA_FAILOVER_SECONDS))

redis() { REDISCLI_AUTH=$password timeout 2 $HA_CLI --user ha_sentinel -h "$@" 2>/dev/null; }
in_time() { [ "$(date +%s)" -lt $end ] && sleep "$1"; }
named() {
  REDISCLI_AUTH=$(cat /etc/ha-redis/sentinel_password) timeout 2 \
    $HA_CLI -h 127.0.0.1 -p 26379 sentinel get-master-addr-by-name "$HA_MASTER" 2>/dev/null | head -n 1
}

pause() {
  until [ "$(redis "$1" client pause $((HA_FAILOVER_SECONDS * 1000)) write)" = OK ]; do
    in_time 0.2 && [ "$(named)" = "$1" ] || return 0
  done
}

# `$1` follows `$2`, in the same way as Sentinel tells it.
follow() {
  while :; do
    case $(redis "$1" role) in
      slave*) return ;;
      master*)
        [ "$(named)" = "$2" ] || return 0
        printf '%s\n' multi "slaveof $2 6379" "config rewrite" "client unpause" \
          "client kill type normal" "client kill type pubsub" exec | redis "$1" >/dev/null
        ;;
    esac
    in_time 0.5 || return 0
  done
}

event=$1
set -- $2
case $event in
  +try-failover) pause "$3" ;;                  # master <name> <host> <port>
  -failover-abort-no-good-slave) redis "$3" client unpause ;;
  +promoted-slave) follow "$7" "$3" ;;          # slave <address> <host> <port> @ <name> <host of the master> <port>
  +switch-master) follow "$2" "$4" ;;           # <name> <host> <port> <new host> <port>
esac
exit 0 # what fails is run again, up to ten times
