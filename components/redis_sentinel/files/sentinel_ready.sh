# Ready: answers, and knows a master.
REDISCLI_AUTH=$(cat /etc/ha-redis/sentinel_password)
export REDISCLI_AUTH
$HA_CLI -p 26379 sentinel get-master-addr-by-name "$HA_MASTER" | grep -q .
