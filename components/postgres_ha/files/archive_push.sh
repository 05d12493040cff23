# `archive_push.sh STANZA PLACE FILE`: hands a file of the log over, and notes when one was dropped instead.
said=$(pgbackrest --stanza="$1" archive-push "$3" 2>&1)
code=$?
[ -z "$said" ] || printf '%s\n' "$said"
case $said in *"dropped WAL"*) date +%s >>"$2/dropped" ;; esac
exit $code
