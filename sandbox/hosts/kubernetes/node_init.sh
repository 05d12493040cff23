#!/bin/bash
# Prepare a sandbox host to be a node: DIRECTORY. What it mounts is seen in the host's mount namespace only.
set -eu
directory=$1
[ -e /run/node-prepared ] && exit

mount --make-rshared / # pods may ask for mount propagation; the machine's mounts are no peers of these
mkdir -p "$directory/logs/node"
mount --bind "$directory/logs/node" /var/log # for /var/log/containers, a path that cannot be set
for fixed in /var/lib/cni /var/lib/kubelet; do # nor can the CNI cache and the kubelet's device plugin socket
  mkdir -p "$fixed"
  mount -t tmpfs -o mode=0755 tmpfs "$fixed"
done

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
