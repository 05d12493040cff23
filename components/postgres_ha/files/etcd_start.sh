# Starts a member of the store. One with data goes on with it. One that the others know and whose volume is empty cannot
# go on as who it was, for it has forgotten what it voted for. It removes its old self, adds itself as new and copies the
# data. Each round takes one step from what the others say, so that a start can be killed anywhere. They refuse both
# steps while they have no quorum, and then nothing changes.
set -eu
trap 'exit 143' TERM
python_get='import ssl,sys,urllib.request as r;c=ssl.create_default_context(cafile=sys.argv[2]);\
c.load_cert_chain(sys.argv[3]);print(r.urlopen(sys.argv[1],timeout=2,context=c).read().decode())'

get() {
  if command -v curl >/dev/null; then
    curl -fsS -m 2 --http1.1 --cacert "$HA_CHAIN" --cert "$ETCDCTL_CERT" "$1"
  elif command -v wget >/dev/null; then
    wget -q -T 2 -O - --ca-certificate="$HA_CHAIN" --certificate="$ETCDCTL_CERT" --private-key="$ETCDCTL_KEY" "$1"
  else
    python3 -c "$python_get" "$1" "$HA_CHAIN" "$ETCDCTL_CERT"
  fi
}

# What the peers that answer know of the members, a member a line. `agreed`: all know the same. `current`: and each has
# just read with a quorum. A peer that restarts shows the past while it reads its log, and one that lags shows it, too.
# Who joins by the past comes back as a member that was removed, or as one whose data it has not.
look() {
  known="" agreed=yes current=yes
  for peer in $HA_PEERS; do
    # One that has not changed to certificates yet answers without.
    get "$peer/version" >/dev/null 2>&1 || { peer=$(plain "$peer") && get "$peer/version" >/dev/null 2>&1; } || continue
    etcdctl --dial-timeout=2s --command-timeout=3s --endpoints="${peer%:*}:2379" get any >/dev/null 2>&1 || current=no
    answer=$(get "$peer/members" 2>/dev/null) || answer=""
    [ "$answer" = "$known" ] || [ -z "$known" ] || agreed=no
    [ "$answer" = "$known" ] || known=$known$answer
  done
  [ $agreed = yes ] || current=no
  known=$(echo "$known" | tr '{' '\n')
}

plain() {
  echo "$1" | sed 's|https://|http://|g'
}

others() {
  etcdctl --dial-timeout=2s --command-timeout=5s --endpoints="$HA_CLIENTS" member "$@" ||
    etcdctl --dial-timeout=2s --command-timeout=5s --endpoints="$(plain "$HA_CLIENTS")" member "$@"
}

# Removes its old self from the cluster.
leave() {
  old=$(others list --write-out=simple | grep -F "://$address, ") && others remove "${old%%,*}" || sleep 1
}

# Adds itself as new, and keeps the id that it got.
add() {
  added=$(others add "$HA_NAME" --peer-urls="$HA_PEER_URL" --write-out=json) || sleep 1
  echo "$added" | sed -n 's/.*"member":{"ID":\([0-9]*\).*/\1/p' >"$HA_VOLUME/.added"
}

is_what_was_added() {
  case $own in
    *'"name":"'[!'"']*) false ;; # it has started
    "\"id\":$(cat "$HA_VOLUME/.added" 2>/dev/null),"*) [ $agreed = yes ] ;;
    *) false ;;
  esac
}

# With or without encryption.
address=${HA_PEER_URL#*://}
state=new before="" started=$(date +%s)
while [ -n "${HA_PEERS:-}" ] && ! ls "$HA_VOLUME"/etcd/member/wal/*.wal >/dev/null 2>&1; do
  look
  own=$(echo "$known" | grep -F "://$address\"") || true
  if [ -z "$known" ]; then
    # The first start of a cluster, or all start again: not for long, for Swarm ends a member that does not listen within
    # half a minute. Who may have been removed must not come back as who it was.
    [ $(($(date +%s) - started)) -lt 15 ] || [ -e "$HA_VOLUME/.rejoining" ] || break
    sleep 1
  elif is_what_was_added; then
    # Who is a member now; the names of others do not matter.
    urls=$(echo "$known" | sed -n 's/.*"peerURLs":\["\([^"]*\)".*/\1/p')
    cluster="$HA_NAME=$HA_PEER_URL"
    for url in $urls; do [ "$url" = "$HA_PEER_URL" ] || cluster="$cluster,${url#*://}=$url"; done
    set -- "$@" --initial-cluster="$cluster"
    state=existing && break
  elif [ $current = no ]; then
    case $known in
      *'"clientURLs":['*) touch "$HA_VOLUME/.rejoining" ;; # they have data, and will have a quorum
      # A new cluster that needs this member for its quorum. Seen twice, for a restart passes through that state.
      "$before") [ -z "$own" ] || break ;;
    esac
    before=$known
    sleep 1
  else
    case $own in
      *'"clientURLs":['*) ;;
      *'"name":"'[!'"']*) break ;; # a new cluster in which it has not started yet
    esac
    touch "$HA_VOLUME/.rejoining"
    # Another volume, which is lost, too, may have been added and started: it leaves as well.
    if [ -n "$own" ]; then leave; else add; fi
  fi
done
# A person says that this member alone has the data, and that the others are to be forgotten.
force=""
if [ -e "$HA_VOLUME/force-new-cluster" ]; then
  rm "$HA_VOLUME/force-new-cluster"
  force=--force-new-cluster
fi
# Data of a version without certificates: the others reach this member, and it them, as the store has it written. So it
# listens that way until the store has the new way for it. Each member does so, one after another or all at once.
own_member() {
  etcdctl --dial-timeout=2s --command-timeout=5s --endpoints="${HA_PEER_URL%:*}:2379" member "$@"
}

if ls "$HA_VOLUME"/etcd/member/wal/*.wal >/dev/null 2>&1 && [ ! -e "$HA_VOLUME/.tls" ]; then
  # shellcheck disable=SC2086
  etcd --initial-cluster-state="$state" "$@" $force ${HA_HEALTH:-} $HA_PLAIN_PEERS $HA_PLAIN_CLIENTS &
  etcd=$!
  trap 'kill -TERM $etcd; wait $etcd; exit 143' TERM
  until id=$(own_member list --write-out=simple | grep -F "://$address, ") &&
    own_member update "${id%%,*}" --peer-urls="$HA_PEER_URL"; do
    kill -0 $etcd || exit 1
    sleep 1
  done
  touch "$HA_VOLUME/.tls"
  kill -TERM $etcd
  wait $etcd || true
  # Patroni's members get their certificates after the store's, and ask who is a member meanwhile. Then this one ends, and
  # starts again as all others do.
  # shellcheck disable=SC2086
  exec timeout $((HA_PLAIN_SECONDS + 120 * ${HA_NAME##*-})) etcd --initial-cluster-state=existing "$@" ${HA_HEALTH:-} $HA_PLAIN_CLIENTS
fi
touch "$HA_VOLUME/.tls"
# shellcheck disable=SC2086
exec etcd --initial-cluster-state="$state" "$@" ${HA_HEALTH:-} $force
