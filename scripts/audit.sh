#!/usr/bin/env bash
# Look the locked packages up in the list of known holes; fails where one is known and mended.
# pip-audit is no part of the lock: it wants the newest list, and its newest self.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet 'pip-audit>=2.9,<3'
"$work/venv/bin/pip-audit" --require-hashes --disable-pip --requirement requirements.lock "$@"
