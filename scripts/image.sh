#!/usr/bin/env bash
# Build the image, with its list of packages and its provenance, and push it:
#   scripts/image.sh ghcr.io/OWNER/REPO BRANCH_OR_TAG
# Name, digest and both together go to $GITHUB_OUTPUT. SN7_PUSH=no builds alone.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
name=${1:?name of the image} tag=${2:?branch or tag}
[[ $tag =~ ^[A-Za-z0-9._-]+$ ]] || { echo "error: '$tag' is no tag of an image" >&2; exit 1; }
if [ "${SN7_PUSH:-yes}" = no ]; then
    exec "${SN7_ENGINE:-docker}" build --tag "$name:$tag" .
fi
docker buildx create --use >/dev/null
docker buildx build --sbom=true --provenance=mode=max --metadata-file metadata.json --push --tag "$name:$tag" .
digest=$(python3 -c 'import json; print(json.load(open("metadata.json"))["containerimage.digest"])')
printf 'name=%s\ndigest=%s\nimage=%s@%s\n' "$name" "$digest" "$name" "$digest" >>"${GITHUB_OUTPUT:-/dev/stdout}"
