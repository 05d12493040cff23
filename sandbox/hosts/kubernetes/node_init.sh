#!/bin/bash
# Prepare a sandbox host to be a node: DIRECTORY LIVE... Nothing that it mounts or makes is seen by the machine.
# LIVE are the directories in which the machine goes on writing.
set -eu
directory=$1
[ -e /run/node-prepared ] && exit

# The node may make directories in /var/lib: over the machine's lies a layer of the host's own.
mkdir -p /run/var-lib/upper /run/var-lib/work
for live in "$@"; do
  case $live in /var/lib/*)
    mkdir -p "/run/live$live"
    mount --bind "$live" "/run/live$live" ;;
  esac
done
mount -t overlay -o lowerdir=/var/lib,upperdir=/run/var-lib/upper,workdir=/run/var-lib/work overlay /var/lib
for live in "$@"; do
  case $live in /var/lib/*) mount --bind "/run/live$live" "$live" ;; esac
done

# Paths that cannot be set, or must be short (a socket's path has 107 characters at most).
while read -r own fixed; do
  mkdir -p "$directory/$own" "$fixed"
  mount --bind "$directory/$own" "$fixed"
done <<'PATHS'
kubelet /var/lib/kubelet
cni /var/lib/cni
logs/node /var/log
PATHS

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
mount --make-rshared / # pods may ask for mount propagation; the machine's mounts are not peers of these
touch /run/node-prepared
