#!/usr/bin/env bash
# Make the files of a release: scripts/release.sh vX.Y.Z FOLDER
#   FOLDER/files/     the wheel, the source archive, sn7-marts-DATE.tar: the generated marts' map layers as GeoParquet
#   FOLDER/NOTES.md   the version's part of the changelog
#   FOLDER/SHA256SUMS
# The warehouse of the environment (SN7_HOME or SN7_DSN) is built from generated data; own data are refused.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
tag=${1:?usage: scripts/release.sh vX.Y.Z FOLDER} folder=${2:?usage: scripts/release.sh vX.Y.Z FOLDER}
python=.venv/bin/python
version=$(sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml | head -1)
[ "$tag" = "v$version" ] || { echo "error: the tag is $tag, and pyproject.toml says version $version" >&2; exit 1; }
if [ -e "$folder" ]; then echo "error: $folder is there already; name a new one" >&2; exit 1; fi
mkdir -p "$folder/files"

awk -v head="## [$version]" 'index($0, head) == 1 { on = 1; next } /^## / { on = 0 } on' CHANGELOG.md >"$folder/NOTES.md"
[ -s "$folder/NOTES.md" ] || { echo "error: CHANGELOG.md tells nothing of version $version" >&2; exit 1; }

.venv/bin/uv build --quiet --out-dir "$folder/files"
rm -f "$folder/files/.gitignore"

"$python" -m sn7 run --size sample
day=$(date --utc +%Y-%m-%d) layers=$(mktemp -d)
trap 'rm -rf "$layers"' EXIT
"$python" -m sn7 export --all --format parquet --out "$layers/sn7-marts-$day"
cp NOTICE "$layers/sn7-marts-$day/"
tar --sort=name --mtime="$day" --owner=0 --group=0 --numeric-owner -C "$layers" \
    -cf "$folder/files/sn7-marts-$day.tar" "sn7-marts-$day"
(cd "$folder/files" && sha256sum -- *) >"$folder/SHA256SUMS"
cat "$folder/SHA256SUMS"
