#!/usr/bin/env bash
# Every linter of the project, offline; all of them run, then the script fails if one did.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
PATH="$PWD/.venv/bin:$PATH"
failed=()

check() { # name, command ...
    local name=$1
    shift
    printf '%s ... ' "$name"
    local output
    if output=$("$@" 2>&1); then
        printf 'ok\n'
    else
        printf 'failed\n%s\n' "$output"
        failed+=("$name")
    fi
}

check 'ruff' ruff check .
check 'ruff format' ruff format --check .
check 'mypy' mypy

if [ ${#failed[@]} -gt 0 ]; then
    printf 'lint failed: %s\n' "${failed[*]}"
    exit 1
fi
