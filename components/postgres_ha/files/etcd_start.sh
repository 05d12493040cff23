# Starts a member of the store. One with data goes on with it. One that the others know and whose volume is empty cannot
# go on as who it was, for it has forgotten what it voted for. It removes its old self, adds itself as new and copies the
# data. Each round takes one step from what the others say, so that a start can be killed anywhere. They refuse both
# steps while they have no quorum, and then nothing changes.
set -eu
trap 'exit 143' TERM
python_get='import sys,urllib.request as r;print(r.urlopen(sys.argv[1],timeout=2).read().decode())'

get() {
  if command -v curl >/dev/null; then
    curl -fsS -m 2 "$1"
  elif command -v wget >/dev/null; then
    wget -q -T 2 -O - "$1"
  else
    python3 -c "$python_get" "$1"
  fi
}

# What the first peer that answers knows, a member a line. Peers answer this without a quorum, `etcdctl` does not.
members() {
  for peer in $HA_PEERS; do
    if answer=$(get "$peer/members" 2>/dev/null); then echo "$answer" | tr '{' '\n' && return; fi
  done
  return 1
}

others() {
  etcdctl --dial-timeout=2s --command-timeout=5s --endpoints="$HA_CLIENTS" member "$@"
}

state=new started=$(date +%s)
while [ -n "${HA_PEERS:-}" ] && ! ls "$HA_VOLUME"/etcd/member/wal/*.wal >/dev/null 2>&1; do
  if ! known=$(members); then
    # The first start of a cluster, or all start again: not for long, for Swarm ends a member that does not listen within
    # half a minute. Who may have been removed must not come back as who it was.
    [ $(($(date +%s) - started)) -lt 15 ] || [ -e "$HA_VOLUME/.rejoining" ] || break
    sleep 1
    continue
  fi
  own=$(echo "$known" | grep -F "\"$HA_PEER_URL\"") || true
  case $own in
    "")
      touch "$HA_VOLUME/.rejoining"
      others add "$HA_NAME" --peer-urls="$HA_PEER_URL" || sleep 1
      ;;
    *'"clientURLs":['*)
      touch "$HA_VOLUME/.rejoining"
      old=$(others list --write-out=simple | grep -F ", $HA_PEER_URL, ") && others remove "${old%%,*}" || sleep 1
      ;;
    *'"name":"'[!'"']*) break ;; # a new cluster in which it has not started yet
    *)
      # Who is a member now; the names of others do not matter.
      urls=$(echo "$known" | sed -n 's/.*"peerURLs":\["\([^"]*\)".*/\1/p')
      cluster="$HA_NAME=$HA_PEER_URL"
      for url in $urls; do [ "$url" = "$HA_PEER_URL" ] || cluster="$cluster,${url#*://}=$url"; done
      set -- "$@" --initial-cluster="$cluster"
      state=existing && break
      ;;
  esac
done
# A person says that this member alone has the data, and that the others are to be forgotten.
if [ -e "$HA_VOLUME/force-new-cluster" ]; then
  rm "$HA_VOLUME/force-new-cluster"
  set -- "$@" --force-new-cluster
fi
exec etcd --initial-cluster-state="$state" "$@"
