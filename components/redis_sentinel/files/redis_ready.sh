# Ready: the master, or a replica that has caught up with it.
REDISCLI_AUTH=$(cat /etc/ha-redis/redis_password)
export REDISCLI_AUTH
$HA_CLI --user "$HA_USER" info replication | tr -d '\r' | grep -q -e '^role:master$' -e '^master_link_status:up$'
