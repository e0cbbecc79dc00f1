#!/usr/bin/env bash
# Break the code of one folder, one place at a time, and show what no test notices:
#   scripts/mutants.sh FOLDER "TESTS ..." [NAMES ...]
# NAMES are mutmut's patterns; '*_mutmut_*7' takes a tenth. It works on a copy, in .mutants/, with one
# process. Tests that need a database use SN7_DSN, else a server of the copy's own, which is slow.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly folder=${1%/} tests=$2
shift 2
[ -d "$folder" ] || { printf 'error: no folder "%s"; say: make mutants FOLDER=ml/training\n' "$folder" >&2; exit 1; }
readonly mutmut=$PWD/.venv/bin/mutmut copy=$PWD/.mutants
rm -rf "$copy"
mkdir "$copy"
git ls-files -z | xargs -0 cp --parents --target-directory "$copy"
cd "$copy"

lines() { printf '    %s\n' "$@"; }
# A server of forks that ran no test yet: OpenMP's threads, which LightGBM starts, do not survive a fork.
{
    printf '[mutmut]\nprocess_isolation=forkserver\nonly_mutate=\n'
    lines "$folder/*"
    printf 'source_paths=\n'
    lines benchmarks loaders ml orchestration serving synthetic warehouse
    printf 'also_copy=\n'
    lines .github Makefile README.md dbt_project deploy docs requirements.lock scripts
    printf 'pytest_add_cli_args_test_selection=\n'
    # shellcheck disable=SC2086  # a list
    lines $tests
    printf 'pytest_add_cli_args=\n'
    lines --exitfirst -p no:cacheprovider
} >setup.cfg

"$mutmut" run --max-children 1 "$@" | tr '\r' '\n' | awk 'NR % 50 == 1 || /rror/'
"$mutmut" results | while read -r name outcome; do
    printf '\n%s %s\n' "$name" "$outcome"
    case $outcome in
        *survived*) "$mutmut" show "${name%:}" | grep -E '^[-+@]' ;;
    esac
done
