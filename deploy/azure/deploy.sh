#!/usr/bin/env bash
# Bring a version into use: image into the registry, resources as the Bicep says, rights and passwords, the
# service into the slot `staging`, asked there, swapped; asked again, and swapped back if that fails.
#   deploy/azure/deploy.sh dev|prod TAG
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
environment=${1:?usage: deploy/azure/deploy.sh dev|prod TAG} tag=${2:?usage: deploy/azure/deploy.sh dev|prod TAG}
: "${SN7_PASSWORD:?}" "${SN7_PIPELINE_PASSWORD:?}" "${SN7_SERVICE_PASSWORD:?}" "${SN7_SERVICE_API_KEY:?}"
[[ $environment =~ ^(dev|prod)$ && $tag =~ ^[A-Za-z0-9._-]+$ ]] || { echo 'error: dev or prod, and a tag' >&2; exit 2; }
group=sn7-$environment
export AZURE_RESOURCE_GROUP=$group SN7_IMAGE=sn7-warehouse:$tag

# The registry is made by the first deployment, which cannot pull from it yet: so it is made alone first.
registry=$(az acr list --resource-group "$group" --query '[0].name' --output tsv)
[ -n "$registry" ] || { echo "error: $group has no registry yet; docs/azure.md, \"First time\"" >&2; exit 1; }
az acr build --registry "$registry" --image "$SN7_IMAGE" --output none .

swap() { az webapp deployment slot swap --resource-group "$group" --name "$site" --slot staging --output none; }
outputs=$(az deployment group create --resource-group "$group" --name "sn7-$tag" \
    --parameters "deploy/azure/$environment.bicepparam" --query properties.outputs --output json)
output() { python3 -c 'import json, sys; print(json.load(sys.stdin)[sys.argv[1]]["value"])' "$1" <<<"$outputs"; }
site=$(output serviceName) host=$(output serviceHost)

deploy/azure/job.sh prepare
staged=$(az webapp show --resource-group "$group" --name "$site" --slot staging --query defaultHostName --output tsv)
deploy/azure/smoke.sh "https://$staged"
swap
deploy/azure/smoke.sh "https://$host" || { swap; echo 'error: swapped back to the version before' >&2; exit 1; }
