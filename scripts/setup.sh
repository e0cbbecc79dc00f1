#!/usr/bin/env bash
# Set up what `make run` and `make test` need: the Python environment of requirements.lock in
# .venv, OpenMP for LightGBM, and PostgreSQL with PostGIS (unless SN7_DSN names a database).
# Quick when there is nothing to do; safe to interrupt, to repeat and to run twice at once.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly venv=.venv
readonly stamp=$venv/.installed

say() { printf '%s\n' "$*" >&2; }
fail() { say "error: $*"; exit 1; }

as_administrator() {
    if [ "$(id -u)" -eq 0 ]; then "$@"
    elif command -v sudo >/dev/null && sudo --non-interactive true 2>/dev/null; then sudo --non-interactive "$@"
    else return 1
    fi
}

install_packages() { # of Debian or Ubuntu
    command -v apt-get >/dev/null || return 1
    say "installing $* from the distribution's packages ..."
    as_administrator env DEBIAN_FRONTEND=noninteractive apt-get --quiet=2 -o DPkg::Lock::Timeout=600 update >/dev/null &&
        as_administrator env DEBIAN_FRONTEND=noninteractive apt-get --quiet=2 -o DPkg::Lock::Timeout=600 \
            install --yes --no-install-recommends "$@" >/dev/null
}

tick() { # pause, start: tell the time until this is killed, or the script is gone
    local seconds
    while sleep "$1" && kill -0 $$ 2>/dev/null; do
        seconds=$((SECONDS - $2))
        if [ -t 2 ]; then printf '\r  %d:%02d' $((seconds / 60)) $((seconds % 60)) >&2
        else say "  $seconds s"
        fi
    done
}

with_clock() { # what, command ...: run the command and tell the time that it takes
    local what=$1 started=$SECONDS status=0 pause=30 ticker
    shift
    say "$what ..."
    if [ -t 2 ]; then pause=1; fi
    tick "$pause" "$started" 9>&- &
    ticker=$!
    "$@" || status=$?
    kill "$ticker" 2>/dev/null
    wait "$ticker" 2>/dev/null || true
    if [ -t 2 ]; then printf '\r' >&2; fi
    if [ "$status" -eq 0 ]; then say "  done in $((SECONDS - started)) s"; fi
    return "$status"
}

find_python() {
    local name
    for name in "${PYTHON:-python3}" python3.13 python3.12 python3.11; do
        if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$name"
            return
        fi
    done
    fail "found no Python 3.11 or newer; install it, or name one: make setup PYTHON=/path/to/python3"
}

make_environment() {
    "$venv/bin/python" -m pip --version >/dev/null 2>&1 && return
    local python
    python=$(find_python)
    "$python" -c 'import ensurepip' 2>/dev/null || install_packages python3-venv ||
        fail "$python has no venv module; install the package python3-venv"
    rm -rf "$venv"
    with_clock "making the environment $venv with $("$python" --version)" "$python" -m venv "$venv"
}

install_requirements() {
    # uv is quicker; pip also knows settings of the machine, such as a package index of its own.
    # The lock names every package, so pip need not look for more. Compiled here, as where Python may
    # write no bytecode every start of a program would compile its packages again, for seconds.
    with_clock "installing the installer uv" \
        "$venv/bin/python" -m pip install --quiet --require-hashes --requirement scripts/uv.lock
    with_clock "installing the packages of requirements.lock (about 1.6 GB)" \
        "$venv/bin/uv" pip sync --quiet --compile-bytecode --system-certs --python "$venv/bin/python" --require-hashes requirements.lock ||
        with_clock "trying the same with pip" \
            "$venv/bin/python" -m pip install --quiet --no-deps --require-hashes --requirement requirements.lock
}

main() {
    exec 9>.setup.lock
    if command -v flock >/dev/null && ! flock --nonblock 9; then
        say "another set-up is at work; waiting for it ..."
        flock 9
    fi
    local wanted
    wanted=$(cat requirements.lock scripts/uv.lock | sha256sum)
    if [ "$(cat "$stamp" 2>/dev/null)" != "$wanted" ]; then
        make_environment
        install_requirements
        "$venv/bin/python" -c 'import ctypes; ctypes.CDLL("libgomp.so.1")' 2>/dev/null ||
            install_packages libgomp1 ||
            fail "LightGBM needs libgomp.so.1; install the package libgomp1"
        printf '%s\n' "$wanted" >"$stamp"
    fi
    # Its answer is of no use here, and standard output belongs to what make was asked for.
    "$venv/bin/python" -m warehouse install >/dev/null
}

main
