# The users of this server, in its volume: when every client has its new user, a job takes the former one away from the
# servers that run, and has them write this file again (retire_users.sh). A member that starts does not bring it back:
# it asks its own file, or if that is from another time the peers.
users="$HA_VOLUME/users.acl"
refuse() {
  echo "rotate.passwords: is $HA_COUNTER, and $1" >&2
  exit 1
}
two_before="clients may still have a password of two before: raise it by one, and again when that rotation has ended"
if [ -e "$users" ]; then
  for number in $(sed -n -e 's/^user app-[a-z0-9-]* .*/1/p' -e 's/^user app-[a-z0-9-]*_\([0-9]*\) .*/\1/p' "$users"); do
    [ "$number" -le "$HA_COUNTER" ] || refuse "was $number here: the counter never goes back"
    [ "$number" -ge $((HA_COUNTER - 1)) ] || refuse "$two_before"
  done
elif [ -s "$HA_VOLUME/redis.conf" ] && [ "$HA_COUNTER" -gt 2 ]; then
  refuse "$two_before"
fi
rm -f "$users.new"
cp /etc/ha-redis/users.acl "$users.new"
chmod 600 "$users.new"
for pair in $HA_ROTATED; do
  former=${pair%:*} new=${pair#*:} gone=no
  if grep -q "^user $new " "$users" 2>/dev/null; then
    grep -q "^user $former " "$users" || gone=yes
  else
    for peer in $HA_PEERS; do
      [ "$peer" != "$HA_HOST" ] || continue
      known=$(REDISCLI_AUTH=$(cat /etc/ha-redis/rotation_password) timeout 2 $HA_CLI -h "$peer" --user ha_rotation acl users 2>/dev/null) ||
        continue
      if echo "$known" | grep -qx "$new" && ! echo "$known" | grep -qx "$former"; then gone=yes; fi
    done
  fi
  [ $gone = no ] || sed -i "/^user $former /d" "$users.new"
done
mv "$users.new" "$users"
# Redis wrote where its users were behind the included line when a Sentinel last had the file rewritten.
[ ! -s "$config" ] || sed -i '/^aclfile /d' "$config"
