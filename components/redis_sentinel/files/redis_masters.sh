# Whom the Sentinels name as the master. A member reads this into its scripts.
redis_password=$(cat /etc/ha-redis/redis_password)
sentinel_password=$(cat /etc/ha-redis/sentinel_password)
majority=0
for sentinel in $HA_SENTINELS; do majority=$((majority + 1)); done
majority=$((majority / 2 + 1))

asked() {
  REDISCLI_AUTH=$sentinel_password timeout 2 $HA_CLI -h "$1" -p 26379 sentinel "$2" "$HA_MASTER" 2>/dev/null | tr '\n' ' '
}

# What stands behind `$1` in `$answer`.
field() {
  rest=${answer#*" $1 "}
  echo "${rest%% *}"
}

# A line for each Sentinel that answers, in their order: the master, the election that made it, milliseconds since it
# last answered, what the Sentinel thinks of it. While a Sentinel changes the master, it lists the old one under the new
# election; it says whom it has promoted when it is asked for the address. All are asked at once: one that is away takes
# two seconds.
views() {
  {
    number=0
    for sentinel in $HA_SENTINELS; do
      number=$((number + 1))
      view $number "$sentinel" &
    done
    wait
  } | sort -n | cut -d ' ' -f 2-
}
view() {
  answer=$(asked "$2" master)
  case $answer in "name $HA_MASTER ip "*" port 6379 "*" config-epoch "*) ;; *) return 0 ;; esac
  host=$(field ip)
  case $answer in *failover_in_progress*) host=$(asked "$2" get-master-addr-by-name) ;; esac
  echo "$1 ${host%% *} $(field config-epoch) $(field last-ok-ping-reply) $(field flags)"
}

# The master as most of the Sentinels name it that know of the newest election: one may have kept the old one
# (sentinel_watch.sh). A member with data believes only a majority of them: one alone may have been away at the last
# election and name a replica, which lacks what was written since. Without data it believes any that names another member.
named() {
  said=$(views)
  if [ $has_data = yes ]; then
    [ "$(echo "$said" | grep -c .)" -ge $majority ] || return 0
    named_by_most "$said"
  else
    found=$(named_by_most "$(echo "$said" | grep -v "^$HA_HOST " || true)")
    if [ -z "$found" ] && [ -n "$said" ]; then found=$HA_HOST; fi
    echo "$found"
  fi
}
named_by_most() {
  newest=$(echo "$1" | cut -d ' ' -f 2 | sort -n | tail -n 1)
  echo "$1" | sed -n "s/^\([^ ]*\) $newest .*/\1/p" | sort | uniq -c | sort -rn | sed -n '1s/.* //p'
}
