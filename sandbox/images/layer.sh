#!/bin/bash
# Installs one image's content above the base, in a mount namespace of its own: BASE BUILD NAME.
# BUILD/NAME/ holds upper (the layer), work, root (the mount point), input (archives and wheels) and settings.
set -euo pipefail
base=$1 build=$2 name=$3
own=$build/$name root=$build/$name/root
. "$own/settings"

mount -t overlay overlay -o "lowerdir=$base,upperdir=$own/upper,workdir=$own/work,redirect_dir=off,metacopy=off,index=off" "$root"
mount --bind "$own/input" "$root/mnt"
mount --rbind /dev "$root/dev"
mount -t proc proc "$root/proc"

export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 PATH=/usr/sbin:/usr/bin:/sbin:/bin
in_root() { env -i DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 PATH=/usr/sbin:/usr/bin:/sbin:/bin chroot "$root" "$@"; }

in_root groupadd --gid "$gid" "$user"
in_root useradd --no-log-init --uid "$uid" --gid "$gid" --home-dir "${data_dir:-/nonexistent}" --no-create-home \
  --shell /usr/sbin/nologin "$user"

if [ -d "$own/input/archives" ]; then
  in_root sh -c 'dpkg --force-confold --force-unsafe-io --install /mnt/archives/*.deb'
fi
if [ -d "$own/input/python" ]; then
  cp "$own/input/python/resolv.conf" "$root/etc/resolv.conf"
  in_root sh -c '. /mnt/python/environment && PYTHONPATH=/mnt/python/path exec python3 -m pip --quiet --no-cache-dir install \
    --root-user-action=ignore --break-system-packages --requirement /mnt/python/requirements.txt'
  rm "$root/etc/resolv.conf"
fi
for directory in $owned; do in_root install -d -o "$uid" -g "$gid" -m 0750 "$directory"; done
# shellcheck disable=SC2086 # patterns
in_root sh -c "rm -rf $remove /var/cache/apt/* /var/cache/debconf/*-old /var/lib/dpkg/*-old /var/lib/apt/lists/* /var/log/* /tmp/*"
