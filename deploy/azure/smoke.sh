#!/usr/bin/env bash
# Ask a running service whether it is ready and forecasts: deploy/azure/smoke.sh https://HOST
# SN7_SERVICE_API_KEY holds its key, SMOKE_SECONDS how long it may take to start (600).
set -euo pipefail
url=${1:?usage: deploy/azure/smoke.sh URL} end=$((SECONDS + ${SMOKE_SECONDS:-600}))
until curl --fail --silent --max-time 10 --output /dev/null "$url/readyz"; do
    [ $SECONDS -lt $end ] || { echo "error: $url/readyz does not say yes" >&2; exit 1; }
    sleep 2
done
key=()
[ -z "${SN7_SERVICE_API_KEY:-}" ] || key=(--header "X-API-Key: $SN7_SERVICE_API_KEY")
body='{"histories": [{"201812": 120, "201901": 124, "201902": 131, "201904": 140, "201905": 146}]}'
answer=$(curl --fail --silent --show-error --max-time 30 "${key[@]}" --header 'Content-Type: application/json' \
    --data "$body" "$url/forecast_history") || { echo "error: $url does not forecast" >&2; exit 1; }
grep -q '"horizon"' <<<"$answer" || { echo "error: no forecast: $answer" >&2; exit 1; }
echo "$url forecasts"
