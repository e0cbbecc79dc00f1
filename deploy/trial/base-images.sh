#!/usr/bin/env bash
# Base images out of Debian's packages, for where no registry of images is in reach:
#   localhost/debian:trial, localhost/python:trial and localhost/prometheus:trial
# As root, with podman and debootstrap. The machine's own package settings are used and not written down.
set -euo pipefail

readonly work=${SN7_TRIAL_WORK:-/var/tmp/sn7-trial}
readonly podman=${SN7_PODMAN:-podman}
readonly root=$work/debian
mkdir -p "$work"

if ! [ -e "$work/debian.made" ]; then
    rm -rf "$root"
    # Where the machine's mirror needs settings of its own, apt has them, and fetches for debootstrap, too.
    debootstrap --variant=minbase bookworm "$root" "${SN7_MIRROR:-http://deb.debian.org/debian}" >"$work/debootstrap.log"
    rm -rf "$root/var/cache/apt/archives"/*.deb "$root/var/lib/apt/lists"/*
    touch "$work/debian.made"
fi
"$podman" image exists localhost/debian:trial ||
    tar -C "$root" -c . | "$podman" import --quiet - localhost/debian:trial >/dev/null

build() { # tag; the Dockerfile on standard input
    "$podman" image exists "$1" && { cat >/dev/null; return; }
    "$podman" build --isolation chroot --network host --quiet ${SN7_APT_VOLUMES:-} --tag "$1" --file - "$work" >/dev/null
}
mkdir -p "$work/empty"
build localhost/python:trial <<'DOCKERFILE'
FROM localhost/debian:trial
RUN apt-get update && apt-get install --yes --no-install-recommends python3 python3-venv \
    && ln -s python3 /usr/bin/python && rm -rf /var/lib/apt/lists/*
DOCKERFILE
build localhost/prometheus:trial <<'DOCKERFILE'
FROM localhost/debian:trial
RUN apt-get update && apt-get install --yes --no-install-recommends prometheus && rm -rf /var/lib/apt/lists/* \
    && install -d -o 65534 -g 65534 /prometheus
USER 65534:65534
ENTRYPOINT ["/usr/bin/prometheus"]
DOCKERFILE
