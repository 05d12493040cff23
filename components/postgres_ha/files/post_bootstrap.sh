# Run once by Patroni on the first primary, with a connection string as its argument: the application's role and
# database. psql reads the password from its file, so that it is in no argument.
set -eu
psql --no-psqlrc --set ON_ERROR_STOP=1 --set owner="$HA_OWNER" --set database="$HA_DATABASE" "$1" <<'SQL'
\set password `cat /etc/ha-patroni/bootstrap/owner_password`
CREATE ROLE :"owner" LOGIN PASSWORD :'password';
CREATE DATABASE :"database" OWNER :"owner";
REVOKE CONNECT ON DATABASE :"database" FROM PUBLIC;
SQL
