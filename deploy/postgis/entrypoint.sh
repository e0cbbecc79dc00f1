#!/bin/sh
# Make the cluster at the first start, with one superuser who has a password; then be the server.
set -eu

if [ ! -s "$PGDATA/PG_VERSION" ]; then
    : "${SN7_PASSWORD:?the password of the superuser sn7 is not set}"
    # Made aside and renamed: a first start that is killed leaves no half cluster.
    draft=$PGDATA.new
    rm -rf "$draft"
    secret=$(mktemp)
    printf '%s\n' "$SN7_PASSWORD" >"$secret"
    initdb --pgdata="$draft" --username=sn7 --pwfile="$secret" --encoding=UTF8 --locale=C.UTF-8 \
        --auth=scram-sha-256 --data-checksums >/dev/null
    rm "$secret"
    echo 'host all all all scram-sha-256' >>"$draft/pg_hba.conf"
    # The only session without a password, of this container's socket, before anybody can connect.
    echo 'create database sn7' | postgres --single -D "$draft" postgres >/dev/null
    mv "$draft" "$PGDATA"
fi
unset SN7_PASSWORD
exec postgres -c listen_addresses='*' -c unix_socket_directories=/tmp "$@"
