#!/bin/sh
# Makes the cluster at the first start, then becomes PostgreSQL. Arguments go to
# postgres as they are (for example: -c fsync=off).
#
# Variables, read at the first start only:
#   POSTGRES_PASSWORD   password of the superuser "postgres" over TCP; required, or
#   POSTGRES_PASSWORD_FILE   a file with it
#   POSTGRES_DB         database to create, and the one pg_cron works in; default: health
set -eu

database=${POSTGRES_DB:-health}

if [ ! -s "$PGDATA/PG_VERSION" ]; then
    if [ -n "${POSTGRES_PASSWORD_FILE:-}" ]; then
        POSTGRES_PASSWORD=$(cat "$POSTGRES_PASSWORD_FILE")
    fi
    if [ -z "${POSTGRES_PASSWORD:-}" ]; then
        echo "The container needs a superuser password: start it with -e POSTGRES_PASSWORD=…" \
            "or -e POSTGRES_PASSWORD_FILE=…" >&2
        exit 1
    fi
    password_file=$(mktemp)
    printf '%s\n' "$POSTGRES_PASSWORD" > "$password_file"
    initdb --pgdata="$PGDATA" --username=postgres --encoding=UTF8 --locale=C.UTF-8 \
        --auth-local=peer --auth-host=scram-sha-256 --pwfile="$password_file"
    rm -f "$password_file"

    cat >> "$PGDATA/pg_hba.conf" <<'HBA'
host  all  all  all  scram-sha-256
HBA
    cat >> "$PGDATA/postgresql.conf" <<CONF
listen_addresses = '*'
shared_preload_libraries = 'pg_cron'
cron.database_name = '$database'
cron.use_background_workers = on
max_worker_processes = 20
CONF

    if [ "$database" != postgres ]; then
        # Single-user mode: no port is open before the cluster is complete.
        echo "CREATE DATABASE \"$database\"" \
            | postgres --single -D "$PGDATA" -c shared_preload_libraries= postgres > /dev/null
    fi
    echo 'CREATE EXTENSION pg_cron' | postgres --single -D "$PGDATA" "$database" > /dev/null
fi

exec postgres -D "$PGDATA" "$@"
