# Beside a running server, once a second: it finds the others, takes its place in its shard, and leads where it is at home.
#
# `$1`: when the server started, in seconds since 1970, if its writes are held.
#
# Redis knows members by address and id. A container that is back may have another address, and tells it to those that it
# reaches; where all are back at once nobody reaches anybody. So each looks up the names of those that it does not hear.
set -eu
. /etc/ha-redis/asking.sh
since=${1:-}

# What is to be done, by what the own server knows:
#
#   meet <host>    who is not heard: it may be at another address
#   forget <id>    what a member was before it lost its volume: it is back as another one, and nothing is led there any more;
#                  where this member never heard that one, it does not know its name
#   follow <id>    who leads nothing follows who leads the shard; at the very first start, before there are slots, its home.
#                  Once more where it copies from `$source`, and its leader is elsewhere: a server that hears of an address
#                  from others goes on copying from the old one
#   take           its leader's host answers as another member: its volume is gone, and nobody counts it as lost
#   write          most of those that lead have been heard since the start
#   well <host>    it is at home and follows another, which leads there, and all of the shard is there
decide() {
  awk -v me="$HA_HOST" -v home="$HA_HOME" -v shard="$HA_SHARD" -v peers="$HA_PEERS" -v since="$since" \
    -v now="$(date +%s)" -v patience="$HA_TIMEOUT_SECONDS" -v source="$source" '
    {
      id[NR] = $1; host[NR] = $2; flags[NR] = $3; master[NR] = $4; slots[NR] = $7; moving[NR] = $8; address[NR] = $9
      number[$1] = NR
      mine = $3 ~ /myself/
      lost[NR] = $3 ~ /fail|noaddr/
      alive[NR] = mine || ($6 == "connected" && $3 !~ /fail|noaddr|handshake/ && now - $5 <= patience + 2)
      if (mine) self = NR
      if (alive[NR]) there[$2] = $1
      if ($2 != "-") known[$2] = 1
      if ($3 ~ /master/ && $7 > 0) { leaders++; if (mine || ($6 == "connected" && $5 > since)) heard++ }
    }
    END {
      if (!self) exit
      count = split(peers, names, " ")
      for (i = 1; i <= count; i++) known[names[i]] = 1
      for (name in known) if (name != me && !(name in there)) print "meet", name
      for (i = 1; i <= NR; i++)
        if (lost[i] && slots[i] == 0 && (host[i] == "-" ? flags[i] ~ /fail/ : (host[i] in there) && there[host[i]] != id[i]))
          print "forget", id[i]
      if (since != "" && (heard * 2 > leaders || !leaders)) print "write"
      count = split(shard, names, " ")
      whole = 1
      for (i = 1; i <= count; i++) { of_shard[names[i]] = 1; if (!(names[i] in there)) whole = 0 }
      for (i = 1; i <= NR; i++) if ((host[i] in of_shard) && slots[i] > 0) {
        led = 1
        if (i != self && alive[i]) leader = i
      }
      if (slots[self] > 0 || moving[self] > 0) exit
      if (!led && me != home && (home in there) && flags[number[there[home]]] ~ /master/) leader = number[there[home]]
      if (leader && (id[leader] != master[self] || (source != "" && source != address[leader]))) {
        print "follow", id[leader]
        exit
      }
      old = number[master[self]]
      if (old && lost[old] && flags[old] !~ /fail/ && slots[old] > 0 && (host[old] in there)) print "take"
      if (leader && me == home && whole) print "well", host[leader]
    }'
}

# From where it would copy: nothing while it does.
source_of() { case $1 in *master_link_status:down*) echo "$1" | sed -n 's/^master_host://p' ;; esac; }

# Where a host was lost, one host may lead most of the shards; losing that one, the rest would be no majority. So each shard
# is led from its home again, once all of it has been there for a while. No write is lost by it: they wait.
go_home() {
  case $replication in *role:slave*master_link_status:up*) ;; *) well=0 && return ;; esac
  well=$((well + 1))
  [ $well -ge "$HA_HOME_SECONDS" ] || return 0
  well=0
  # Slots on the move are known to their leader alone.
  case $(view "$1" | awk '$3 ~ /myself/ { print $8 }') in
    0) echo "leads from its home again: $(own cluster failover)" ;;
  esac
}

well=0
while sleep 1; do
  seen=$(view 127.0.0.1)
  [ -n "$seen" ] || continue # it loads
  replication=$(own info replication)
  source=$(source_of "$replication")
  orders=$(echo "$seen" | decide)
  case $orders in *well*) ;; *) well=0 ;; esac
  # Not in a pipe: what it counts would be gone.
  while read -r order what; do
    case $order in
      meet)
        address=$(getent ahosts "$what" 2>/dev/null | awk 'NR == 1 { print $1 }') || true
        [ -z "$address" ] || own cluster meet "$address" 6379 >/dev/null
        ;;
      forget) own cluster forget "$what" >/dev/null ;;
      follow) echo "follows $what: $(own cluster replicate "$what")" ;;
      take) echo "its leader has lost its data: $(own cluster failover force)" ;;
      write) [ "$(own config set min-replicas-to-write 0)" != OK ] || { since="" && echo "writes are no longer held"; } ;;
      well) go_home "$what" ;;
    esac
  done <<END
$orders
END
done
