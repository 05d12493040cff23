#!/bin/bash
# The first process of a sandbox host: NAME ADDRESS READY_FILE. It prepares the namespaces, then reaps orphans for ever.
set -eu
name=$1 address=$2 ready=$3

mount --make-rprivate /
# crun takes control groups of version 1 or of version 2, not both. Version 2 has no controllers where both are mounted.
umount /sys/fs/cgroup/unified 2>/dev/null || true
hostname "$name"

# The host has a nameserver of its own (nameserver.py).
resolver=$(readlink -m /etc/resolv.conf)
mkdir -p "${ready%/*}/etc"
echo "nameserver $address" > "${ready%/*}/etc/resolv.conf"
mount -t tmpfs -o mode=0755 tmpfs /run
mkdir -p /run/lock "${resolver%/*}"
[ -e "$resolver" ] || touch "$resolver"
mount --bind "${ready%/*}/etc/resolv.conf" "$resolver"

touch "$ready"
while :; do sleep 86400 & wait; done
