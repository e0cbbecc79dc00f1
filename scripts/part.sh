#!/usr/bin/env bash
# Run one part of the tests, as the workflows do: scripts/part.sh units|warehouse|service|browser|notebooks,
# or everything, as .ci/run does.
# tests/deploy/test_workflows.py holds that every test belongs to one part and to one only.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly browser=(tests/serving/map tests/docs/site)
case ${1:-} in
    everything) exec .ci/run ;;
    units) tests=(tests/loaders tests/scoring tests/synthetic tests/ml tests/warehouse tests/sn7 tests/benchmarks
        tests/docs tests/deploy tests/test_*.py) ;;
    warehouse) tests=(tests/dbt_project tests/orchestration tests/citus) ;;
    service) tests=(tests/serving) ;;
    browser) tests=("${browser[@]}") ;;
    notebooks) tests=(tests/notebooks) ;;
    *) echo 'usage: scripts/part.sh everything|units|warehouse|service|browser|notebooks [pytest arguments]' >&2; exit 2 ;;
esac
left=()
for folder in "${browser[@]}"; do
    if [ "$1" != browser ]; then left+=("--ignore=$folder"); fi
done
there=()
for path in "${tests[@]}"; do
    if [ -e "$path" ]; then there+=("$path"); fi
done
if [ ${#there[@]} -eq 0 ]; then echo "there are no tests of part $1" >&2; exit 0; fi
make setup
exec .venv/bin/python -m pytest --numprocesses 2 --dist loadfile "${left[@]}" "${there[@]}" "${@:2}"
