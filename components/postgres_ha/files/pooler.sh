# Process 1 of a pooler: `pooler.sh SECONDS CONFIG` runs PgBouncer, and beside it what ends a pause that has lasted so long:
# who began it may be gone. While PgBouncer stops it says that it is paused, too, and refuses to go on.
seconds=$1

console() {
  psql -X -h /tmp -p 5432 -U pgbouncer -d pgbouncer -Atq "$@"
}

states() {
  while sleep 1; do echo "SHOW STATE;"; done | console
}

watch() {
  paused=0
  while IFS="|" read -r name value; do
    : > /tmp/.watched # the liveness check looks whether this goes on
    case "$name $value" in
      "paused no") paused=0 ;;
      "paused yes")
        paused=$((paused + 1))
        if [ $((paused % seconds)) -eq 0 ]; then
          echo "paused for $paused s: it goes on"
          console -c RESUME
        fi
        ;;
    esac
  done
}

while sleep 1 && kill -0 $$; do states | watch; done &
exec pgbouncer "$2"
