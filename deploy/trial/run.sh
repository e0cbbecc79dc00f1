#!/usr/bin/env bash
# Try the containers for real: build, up, healthy, main job, a forecast asked, down, up, the same answer;
# backup, everything lost, restore, the same answer; passwords rotated, the same answer. `make trial` calls it.
#   deploy/trial/run.sh [RECORD]     the record goes to RECORD, else deploy/trial/record.md
# With podman (as root) where there is no Docker: `SN7_ENGINE=podman`; its base images are made of Debian's
# packages (base-images.sh), and Grafana, which Debian has not, is left out.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

readonly engine=${SN7_ENGINE:-docker} work=${SN7_TRIAL_WORK:-/var/tmp/sn7-trial}
readonly record=${1:-deploy/trial/record.md} project=sn7trial
mkdir -p "$work/data"
export SN7_ENV_FILE=$work/env COMPOSE_PROJECT_NAME=$project
export SN7_COMPOSE
lasting=(postgis dagster dagster-daemon mlflow service prometheus)
started=$SECONDS

say() { printf '%4d s  %s\n' $((SECONDS - started)) "$*" | tee -a "$work/record" >&2; }
fail() { say "FAILED: $*"; exit 1; }

engine_settings() {
    if [ "$engine" = podman ]; then
        printf '%s\n' '[engine]' 'runtime = "runc"' '[containers]' \
            'default_ulimits = ["nofile=1024:1024", "nproc=4096:4096"]' >"$work/containers.conf"
        export CONTAINERS_CONF=$work/containers.conf
        "$(dirname "$0")/base-images.sh"
        [ -x "$work/compose/bin/podman-compose" ] || {
            python3 -m venv "$work/compose"
            "$work/compose/bin/pip" install --quiet 'podman-compose>=1.5,<2'
        }
        base=("$work/compose/bin/podman-compose" --in-pod=false --profile=job)
    else
        base=(docker compose)
        lasting+=(grafana)
    fi
    compose=("${base[@]}" --env-file "$SN7_ENV_FILE")
    SN7_COMPOSE=${compose[*]}
    export SN7_SERVICES="--no-deps ${lasting[*]}"
}

write_env() {
    rm -f "$SN7_ENV_FILE"
    deploy/secrets.sh
    local set=(s/^SN7_POSTGIS_PORT=.*/SN7_POSTGIS_PORT=15432/ s/^SN7_DAGSTER_PORT=.*/SN7_DAGSTER_PORT=13001/
        s/^SN7_MLFLOW_PORT=.*/SN7_MLFLOW_PORT=15000/ s/^SN7_SERVICE_PORT=.*/SN7_SERVICE_PORT=13000/
        s/^SN7_PROMETHEUS_PORT=.*/SN7_PROMETHEUS_PORT=19090/ s/^SN7_GRAFANA_PORT=.*/SN7_GRAFANA_PORT=13002/
        "s#^SN7_DATA=.*#SN7_DATA=$work/data#")
    if [ "$engine" = podman ]; then
        set+=(s#^SN7_PYTHON_IMAGE=.*#SN7_PYTHON_IMAGE=localhost/python:trial#
            s#^SN7_DEBIAN_IMAGE=.*#SN7_DEBIAN_IMAGE=localhost/debian:trial#
            s#^SN7_PROMETHEUS_IMAGE=.*#SN7_PROMETHEUS_IMAGE=localhost/prometheus:trial#)
    fi
    local rule
    for rule in "${set[@]}"; do sed -i "$rule" "$SN7_ENV_FILE"; done
}

build() {
    if [ "$engine" = podman ]; then
        "${compose[@]}" --podman-build-args "--isolation chroot --network host ${SN7_BUILD_VOLUMES:-}" build postgis prepare
    else
        "${compose[@]}" build postgis prepare
    fi
}

container() { "$engine" ps --all --quiet --filter "name=${project}[_-]$1[_-]1"; }

healthy() { # service, seconds
    local id deadline=$((SECONDS + $2))
    until id=$(container "$1") && [ -n "$id" ] && is_healthy "$id"; do
        [ $SECONDS -lt $deadline ] || { "$engine" logs --tail 30 "$id" >&2 || true; fail "$1 is not healthy after $2 s"; }
        sleep 2
    done
}

is_healthy() {
    # podman asks a health check when it is told to; without systemd nothing tells it.
    if [ "$engine" = podman ]; then podman healthcheck run "$1" >/dev/null 2>&1
    else [ "$(docker inspect --format '{{.State.Health.Status}}' "$1")" = healthy ]; fi
}

up() { # [alone: the database]; in the order of what waits for what, as an engine without `service_healthy` needs it
    "${compose[@]}" up --detach --no-deps postgis >>"$work/log" 2>&1
    healthy postgis 120
    "${compose[@]}" run -T --rm --no-deps prepare >>"$work/log" 2>&1 || fail "prepare"
    if [ "${1:-}" = alone ]; then return; fi
    "${compose[@]}" up --detach --no-deps "${lasting[@]:1}" >>"$work/log" 2>&1
}

all_healthy() { # but the service, which waits for a package
    local name
    for name in "${lasting[@]}"; do
        [ "$name" = service ] || healthy "$name" 900
    done
}

ask() { # file: what the warehouse and the service say
    local at=http://127.0.0.1:13000 chip
    healthy service 900
    chip=$(curl --fail --silent "$at/chips" | grep -oE 'L15-[0-9]{4}E-[0-9]{4}N_[0-9]+_[0-9]+_13' | sort | head -1)
    [ -n "$chip" ] || fail "the service lists no chip"
    curl --fail --silent "$at/forecast" --json "{\"chip_id\": \"$chip\"}" >"$1"
    "${compose[@]}" run -T --rm --no-deps backup python -m sn7 psql -- -At -P pager=off -c \
        'select count(*), sum(corrected_count) from marts.fact_chip_month' >>"$1" 2>>"$work/log"
}

same() { cmp --silent "$work/first" "$1" || { diff "$work/first" "$1" >&2 || true; fail "another answer $2"; }; }

main() {
    : >"$work/record" >"$work/log"
    engine_settings
    write_env
    "${compose[@]}" down --volumes >>"$work/log" 2>&1 || true
    # SN7_TRIAL_KEEP=yes tries the images that are there.
    if [ "${SN7_TRIAL_KEEP:-}" != yes ]; then build >>"$work/log" 2>&1 || fail "build; see $work/log"; fi
    say "images: $("$engine" images --format '{{.Repository}}:{{.Tag}} {{.Size}}' | grep -E 'sn7-(warehouse|postgis)' | tr '\n' ' ')"
    ! "${base[@]}" --env-file .env.example config >/dev/null 2>"$work/refused" || fail "without passwords it goes on"
    say "without passwords: refused, $(grep -om1 'set it in .env' "$work/refused")"
    up
    all_healthy
    say "up and healthy: ${lasting[*]} (the service waits for its package)"
    "${compose[@]}" run -T --rm --no-deps main >"$work/main.log" 2>&1 || { tail -20 "$work/main.log" >&2; fail "main job"; }
    say "main job done: $(grep -m1 -i 'champion\|registered' "$work/main.log" || tail -1 "$work/main.log")"
    ask "$work/first"
    say "forecast asked: $(head -c 120 "$work/first")..."
    "${compose[@]}" down >>"$work/log" 2>&1
    up
    ask "$work/again"
    same "$work/again" "after down and up"
    say "down, up: the same answer"
    "${compose[@]}" run -T --rm --no-deps backup >"$work/backup.log" 2>>"$work/log" || fail "backup"
    local kept
    kept=$(grep -oE '/var/backups/sn7/sn7-[0-9TZ]+' "$work/backup.log" | head -1)
    "${compose[@]}" down >>"$work/log" 2>&1
    "$engine" volume rm "${project}_database" "${project}_home" >>"$work/log" 2>&1
    up alone # Dagster and MLflow would make tables of their own in an empty database
    "${compose[@]}" run -T --rm --no-deps backup python -m sn7 restore "$kept" >>"$work/log" 2>&1 || fail "restore"
    up
    ask "$work/restored"
    same "$work/restored" "after backup, loss and restore"
    say "backup, database and home lost, restore: the same answer"
    rotated
    "${compose[@]}" down --volumes >>"$work/log" 2>&1
    { printf '# Trial of the containers\n\nWritten by `deploy/trial/run.sh` with %s.\n\n```\n' "$("$engine" --version)"
        cat "$work/record"; printf '```\n'; } >"$record"
}

rotated() {
    local old
    old=$(sed -n 's/^SN7_SERVICE_PASSWORD=//p' "$SN7_ENV_FILE")
    deploy/secrets.sh --rotate >>"$work/log" 2>&1 || fail "rotation"
    ! "${compose[@]}" run -T --rm --no-deps -e PGUSER=service -e PGPASSWORD="$old" backup \
        python -m sn7 status >>"$work/log" 2>&1 || fail "the old password still logs in"
    ask "$work/rotated"
    same "$work/rotated" "after the rotation of passwords"
    say "passwords rotated, the old one refused: the same answer"
}

main
