#!/usr/bin/env bash
# Install a wheel of the project into environments with nothing else in them, and use it there:
#   scripts/try_wheel.sh dist/sn7_warehouse-X.Y.Z-py3-none-any.whl
# The loader loads generated data into a private server; the service's extra is measured and imported.
set -euo pipefail
wheel=$(realpath "${1:?usage: scripts/try_wheel.sh WHEEL}")
work=$(mktemp -d "${TMPDIR:-/var/tmp}/sn7-wheel.XXXXXX")
chmod 0755 "$work" # the database's user enters it
sn7() { env --unset=SN7_HOME XDG_DATA_HOME="$work/home" "$work/load/bin/sn7" "$@"; }
end() {
    [ ! -x "$work/load/bin/sn7" ] || sn7 clean --force >/dev/null 2>&1 || true
    rm -rf "$work"
}
trap end EXIT
cd "$work" # far from the checkout

measure() { # environment
    printf '%s packages, %s MB' "$("$work/$1/bin/python" -m pip list --format freeze | wc -l)" \
        "$(du -sm "$work/$1" | cut -f1)"
}

install() { # environment, extra
    python3 -m venv "$work/$1"
    "$work/$1/bin/python" -m pip install --quiet "$wheel$2"
    echo "$1: $(measure "$1")"
}

install none ''
"$work/none/bin/sn7" --version
if "$work/none/bin/sn7" load nothing.csv 2>said; then echo 'error: it loads without its packages' >&2; exit 1; fi
grep --fixed-strings "pip install 'sn7-warehouse[load]'" said

install load '[load]'
sn7 synthesize --out generated >/dev/null
sn7 load generated
sn7 sources

install serving '[serving]'
"$work/serving/bin/python" -c 'import serving.api.app; import serving.api.service'
if "$work/serving/bin/sn7" serve 2>said; then echo 'error: it serves without a package' >&2; exit 1; fi
grep 'nothing has been packaged yet' said
