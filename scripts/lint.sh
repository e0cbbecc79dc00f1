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

check_dbt_conventions() {
    dbt --quiet parse --project-dir dbt_project --profiles-dir dbt_project --no-partial-parse && dbt-bouncer --config-file dbt-bouncer.yml
}

check 'ruff' ruff check .
check 'ruff format' ruff format --check .
check 'mypy' mypy
check 'sqlfluff' sqlfluff lint dbt_project/models dbt_project/tests docs/cookbook
check 'sqlfluff, macros as rendered' sqlfluff lint --config scripts/rendered.sqlfluff dbt_project/models dbt_project/tests
check 'dbt-bouncer' check_dbt_conventions
check 'hadolint' hadolint Dockerfile deploy/postgis/Dockerfile deploy/citus/Dockerfile
check 'compose-lint' compose-lint check --quiet docker-compose.yml deploy/citus/docker-compose.yml
check 'compose schema' check-jsonschema --builtin-schema vendor.compose-spec docker-compose.yml deploy/citus/docker-compose.yml
check 'workflow schema' check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
check 'dependabot schema' check-jsonschema --builtin-schema vendor.dependabot .github/dependabot.yml
check 'issue forms' check-jsonschema --builtin-schema vendor.github-issue-forms .github/ISSUE_TEMPLATE/bug.yml .github/ISSUE_TEMPLATE/data.yml .github/ISSUE_TEMPLATE/feature.yml
check 'hooks' pre-commit validate-config
check 'zizmor' zizmor --offline --quiet .github

if [ ${#failed[@]} -gt 0 ]; then
    printf 'lint failed: %s\n' "${failed[*]}"
    exit 1
fi
