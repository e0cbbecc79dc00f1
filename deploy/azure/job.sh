#!/usr/bin/env bash
# Run a job of the deployment to its end: deploy/azure/job.sh prepare|main|retrain|rollback
set -euo pipefail
: "${AZURE_RESOURCE_GROUP:?}"
case ${1:-} in
    prepare | main | retrain | rollback) ;;
    *) echo 'usage: deploy/azure/job.sh prepare|main|retrain|rollback' >&2; exit 2 ;;
esac
# The group is named as its deployment: sn7-dev, sn7-prod.
job=$AZURE_RESOURCE_GROUP-$1
run=$(az containerapp job start --name "$job" --resource-group "$AZURE_RESOURCE_GROUP" --query name --output tsv)
state=Running
while [ "$state" = Running ] || [ "$state" = Processing ]; do
    sleep 20
    state=$(az containerapp job execution show --name "$job" --resource-group "$AZURE_RESOURCE_GROUP" \
        --job-execution-name "$run" --query properties.status --output tsv)
done
echo "$job: $state"
[ "$state" = Succeeded ]
