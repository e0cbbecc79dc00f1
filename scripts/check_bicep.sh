#!/usr/bin/env bash
# Parse the Bicep files and look every symbol up, without Azure; the parser has an environment of its own.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet 'pycep-parser>=0.5,<1'
"$work/venv/bin/python" deploy/azure/check.py
