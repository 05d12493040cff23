#!/bin/bash
# Prepare a sandbox host to be a node: DIRECTORY. What it mounts is seen in the host's mount namespace only.
set -eu
directory=$1
[ -e /run/node-prepared ] && exit

mount --make-rshared / # pods may ask for mount propagation; the machine's mounts are no peers of these
# Paths that cannot be set, or must be short (a socket's path has 107 characters at most): these are the host's own.
bind() {
  [ -d "$2" ] || { mkdir "$2" && echo "$2" >> "$directory/made-directories"; } # for down to remove
  mkdir -p "$1"
  mount --bind "$1" "$2"
}
bind "$directory/logs/node" /var/log
bind "$directory/cni" /var/lib/cni
bind "$directory/kubelet" /var/lib/kubelet

# The kubelet sets these for the whole machine unless they read as it wants them: show it what it wants.
while read -r tunable value; do
  shown=/run/tunables/$tunable
  mkdir -p "${shown%/*}"
  echo "$value" > "$shown"
  mount --bind "$shown" "/proc/sys/$tunable"
done <<'TUNABLES'
vm/overcommit_memory 1
vm/panic_on_oom 0
kernel/panic 10
kernel/panic_on_oops 1
kernel/keys/root_maxkeys 1000000
kernel/keys/root_maxbytes 25000000
TUNABLES

echo 1 > /proc/sys/net/ipv4/ip_forward
touch /run/node-prepared
