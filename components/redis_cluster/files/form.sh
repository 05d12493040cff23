# Gives slots to the shards, evenly: all of them at the first start, and to a shard that is new what the others have too much.
# It may run again at any time, and goes on where it was cut off. Members find each other and their places by themselves.
#
# `$HA_SHARDS`: a word for each shard, its members with commas between them.
set -eu
. /etc/ha-redis/asking.sh
total=0 number=0 some=""
for shard in $HA_SHARDS; do
  number=$((number + 1))
  for host in $(echo "$shard" | tr , ' '); do
    total=$((total + 1))
    some=${some:-$host}
  done
done

# Why it cannot begin; nothing: everybody knows everybody, and each shard is led by one.
waits_for() {
  for shard in $HA_SHARDS; do
    leaders=""
    for host in $(echo "$shard" | tr , ' '); do
      seen=$(view "$host")
      [ -n "$seen" ] || { echo "$host does not answer" && return; }
      heard=$(echo "$seen" | awk '$6 == "connected" && $3 !~ /fail|noaddr|handshake/' | grep -c .) || true
      [ "$heard" -ge $total ] || { echo "$host hears $heard of $total members" && return; }
      case $(at "$host" info replication) in
        *role:master*) leaders="$leaders $host" ;;
        *master_link_status:up*) ;;
        *) echo "$host has not caught up" && return ;;
      esac
    done
    # At home: a leader that changes while slots are on the move would forget that they are.
    [ "$leaders" = " ${shard%%,*}" ] || { echo "shard $shard is led by${leaders:- nobody}, not by ${shard%%,*}" && return; }
  done
}
wait_for_all() {
  said=""
  while reason=$(waits_for) && [ -n "$reason" ]; do
    [ "$reason" = "$said" ] || echo "waiting: $reason"
    said=$reason
    sleep 1
  done
}

# The slots from `$1` to `$2` that nobody has, as pairs of first and last.
free() {
  at "$some" cluster nodes | awk -v first="$1" -v last="$2" '
    { for (i = 9; i <= NF; i++) if ($i !~ /^\[/) {
        split($i, range, "-")
        for (slot = range[1]; slot <= (range[2] == "" ? range[1] : range[2]); slot++) taken[slot + 0] = 1
    } }
    END { for (slot = first; slot <= last + 1; slot++) {
        is_free = slot <= last && !(slot in taken)
        if (is_free && begin == "") begin = slot
        if (!is_free && begin != "") { printf "%d %d ", begin, slot - 1; begin = "" }
    } }'
}

cluster() {
  REDISCLI_AUTH=$password $HA_CLI --user "$HA_USER" --cluster "$@" </dev/null
}

wait_for_all
index=0
for shard in $HA_SHARDS; do
  slots=$(free $((16384 * index / number)) $((16384 * (index + 1) / number - 1)))
  index=$((index + 1))
  [ -n "$slots" ] || continue
  answer=$(at "${shard%%,*}" cluster addslotsrange $slots)
  [ "$answer" = OK ] || { echo "${shard%%,*} did not take $slots: $answer" >&2 && exit 1; }
done
for shard in $HA_SHARDS; do
  until case $(at "${shard%%,*}" cluster info) in *cluster_state:ok*cluster_slots_assigned:16384*) ;; *) false ;; esac; do
    sleep 0.5
  done
done
# What a run that was cut off, or a leader that was lost, left on the move is mended first.
even_out() {
  for shard in $HA_SHARDS; do
    case $(itself "${shard%%,*}") in
      *" 0") ;;
      *) cluster fix "$some:6379" && wait_for_all && break || return 1 ;;
    esac
  done
  cluster rebalance "$some:6379" --cluster-use-empty-masters --cluster-threshold "$HA_THRESHOLD" \
    --cluster-pipeline 100 --cluster-timeout 60000
}
until even_out; do
  echo "slots are not all moved: once more" >&2 # a master was missed for a moment; the job's deadline ends it
  sleep 2
  wait_for_all
done
wait_for_all
for shard in $HA_SHARDS; do
  slots=$(itself "${shard%%,*}")
  echo "${shard%%,*} leads ${slots% *} slots"
done
