# A group that began without encryption goes on without: its members could not hear each other while they change.
if [ ! -e "$HA_VOLUME/.tls" ]; then
  if [ -s "$HA_VOLUME/redis.conf" ] || [ -s "$HA_VOLUME/sentinel.conf" ]; then
    echo "this group began without encryption, and goes on without: remove \`tls\`, or make another cache" >&2
    exit 1
  fi
  touch "$HA_VOLUME/.tls"
fi
