# The end of a rotation, when every client was replaced. It waits for as long as what was replaced may still run, and until
# no server has a client of a former user, for a while; then it takes those users away from each server, and has it write its file of users. One that somebody uses
# stays, and this ends with who it is. What it does may be done again.
set -u
REDISCLI_AUTH=$(cat /etc/ha-redis/rotation_password)
export REDISCLI_AUTH
seen=$(date +%s)
end=$((seen + HA_SECONDS)) stopped=$((seen + HA_STOP))

redis() {
  member=$1
  shift
  timeout 5 $HA_CLI -h "$member" --user ha_rotation "$@" 2>/dev/null
}

# Sets `reason` to what is in the way: a server that is silent or not changed yet, or a client.
look() {
  reason="" left=no
  for member in $HA_MEMBERS; do
    known=$(redis "$member" acl users)
    case $known in *ha_rotation*) ;; *) reason="$member does not answer" && return ;; esac
    for pair in $HA_ROTATED; do
      former=${pair%:*} new=${pair#*:}
      echo "$known" | grep -qx "$new" || { reason="$member does not know the user $new yet" && return; }
      ! echo "$known" | grep -qx "$former" || left=yes
    done
    clients=$(redis "$member" client list)
    case $clients in *user=ha_rotation*) ;; *) reason="$member does not say who is connected" && return ;; esac
    for pair in $HA_ROTATED; do
      used=$(echo "$clients" | grep " user=${pair%:*} " | sed -n 's/.* addr=\([^ ]*\) .*/\1/p' | head -n 3 | tr '\n' ' ')
      [ -z "$used" ] || { reason="${pair%:*} is connected at $member from ${used% }" && return; }
    done
  done
}

while :; do
  look
  now=$(date +%s)
  if [ -n "$reason" ]; then
    seen=$now
  elif [ $left = yes ] && [ "$now" -lt $stopped ]; then
    reason="what was replaced may run for $((stopped - now)) s more"
  elif [ $left = yes ] && [ $((now - seen)) -lt "$HA_QUIET" ]; then
    reason="nobody uses the former users, which has to hold for $((HA_QUIET - now + seen)) s more"
  else
    unsaved=""
    for member in $HA_MEMBERS; do
      for pair in $HA_ROTATED; do
        case $(redis "$member" acl deluser "${pair%:*}") in 1) echo "$member: took ${pair%:*} away" ;; esac
      done
      # Also where nothing was left: an earlier try may have ended before it.
      saved=$(redis "$member" acl save)
      [ "$saved" = OK ] || unsaved="$member does not write its users"
    done
    look
    reason=${unsaved:-$reason}
    if [ -z "$reason" ] && [ $left = no ]; then
      echo "$HA_ORIGIN: the former passwords are refused"
      exit 0
    fi
  fi
  if [ "$now" -ge "$end" ]; then
    echo "$HA_ORIGIN.rotate: the former passwords still hold, after $HA_SECONDS s: $reason. Clients of the stack have the" \
      "new ones. Replace or end who has an old one, then \`up\` again" >&2
    exit 1
  fi
  sleep 1
done
