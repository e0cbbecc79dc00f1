#!/usr/bin/env bash
# Write .env with passwords made up for this place; --rotate makes new ones and hands them to what runs.
# Passwords that are there stay, unless they are rotated; nothing is printed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly file=${SN7_ENV_FILE:-.env}
readonly names=(
    SN7_PASSWORD SN7_PIPELINE_PASSWORD SN7_TRAINER_PASSWORD SN7_SERVICE_PASSWORD SN7_ANALYST_PASSWORD
    SN7_GRAFANA_PASSWORD
)
read -ra compose <<<"${SN7_COMPOSE:-docker compose}"
read -ra services <<<"${SN7_SERVICES:-}" # what is started anew; all by default

value() { sed -n "s/^$1=//p" "$file"; }

set_value() { # name, value
    local draft
    draft=$(mktemp "$file.XXXXXX")
    awk -v name="$1" -v value="$2" -F= '$1 == name { print name "=" value; done = 1; next } { print }
        END { if (!done) print name "=" value }' "$file" >"$draft"
    mv "$draft" "$file"
}

made_up() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }

fill() {
    local name
    [ -e "$file" ] || install -m 0600 .env.example "$file"
    chmod 0600 "$file"
    for name in "${names[@]}"; do
        [ -n "$(value "$name")" ] || set_value "$name" "$(made_up)"
    done
}

rotate() {
    local name old
    old=$(value SN7_PASSWORD)
    [ -n "$old" ] || { echo "error: $file has no passwords yet; say: deploy/secrets.sh" >&2; exit 1; }
    cp -p "$file" "$file.before"
    for name in "${names[@]}"; do set_value "$name" "$(made_up)"; done
    # The superuser logs in with the old password and gets the new one; so do the other logins.
    local given=(-e PGPASSWORD -e SN7_OWNER_PASSWORD)
    # podman-compose takes no name without its value, though other users of the machine then see it for a moment.
    [[ ${compose[0]} != *podman-compose ]] ||
        given=(-e "PGPASSWORD=$old" -e "SN7_OWNER_PASSWORD=$(value SN7_PASSWORD)")
    if ! PGPASSWORD=$old SN7_OWNER_PASSWORD=$(value SN7_PASSWORD) \
        "${compose[@]}" run --rm --no-deps "${given[@]}" prepare; then
        mv "$file.before" "$file"
        echo "error: the database did not take the new passwords; the old ones are in force" >&2
        exit 1
    fi
    "${compose[@]}" up --detach "${services[@]}"
    rm "$file.before"
    echo "rotated; Grafana keeps its admin's old password until: grafana cli admin reset-admin-password" >&2
}

case ${1:-} in
    '') fill ;;
    --rotate) rotate ;;
    *) echo "usage: deploy/secrets.sh [--rotate]" >&2; exit 2 ;;
esac
