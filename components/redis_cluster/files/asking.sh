# How members are asked, and what they know of each other. Scripts read this in.
password=$(cat /etc/ha-redis/password)

at() {
  host=$1
  shift
  REDISCLI_AUTH=$password timeout 2 $HA_CLI -h "$host" --user "$HA_USER" "$@" 2>/dev/null | tr -d '\r'
}
own() { at 127.0.0.1 "$@"; }

# What the server `$1` knows: id, host, flags, its master's id, when it last answered, the link, slots, slots on the move,
# address.
view() {
  at "$1" cluster nodes | awk 'NF >= 8 {
    split($2, address, ","); count = 0; moving = 0
    for (i = 9; i <= NF; i++) {
      if ($i ~ /^\[/) { moving++; continue }
      split($i, range, "-")
      count += (range[2] == "" ? range[1] : range[2]) - range[1] + 1
    }
    sub(/:[0-9]+@.*/, "", address[1])
    print $1, (address[2] == "" ? "-" : address[2]), $3, $4, int($6 / 1000), $8, count, moving, address[1]
  }'
}

# Of that, what the server says of itself: slots, and slots on the move.
itself() { view "$1" | awk '$3 ~ /myself/ { print $7, $8 }'; }
