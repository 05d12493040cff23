# Ready: this member is part of a quorum, and others know how to reach it. Before it ever was, it is enough that it runs
# as a member, so that the first members of a new cluster can come up one after the other, and the others find the name of
# one that copies their data.
if etcdctl --command-timeout=2s --endpoints=https://127.0.0.1:2379 endpoint health >/dev/null 2>&1; then
  touch "$HA_VOLUME/.joined"
  test -e "$HA_VOLUME/.tls"
else
  test ! -e "$HA_VOLUME/.joined" && ls "$HA_VOLUME"/etcd/member/wal/*.wal >/dev/null 2>&1
fi
