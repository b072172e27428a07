#!/bin/bash
# The real sqitch through its whole life on the database that PG* points to:
# deploy, verify, status, check, revert, deploy again, and `hha deploy` with nothing left to do.
# Run by: PYTHONPATH=tests python -m servers --server debian -- ci/sqitch_cycle.sh
set -euo pipefail
cd "$(dirname "$0")/.."
target=db:pg:

step() { printf '+ sqitch %s\n' "$*"; sqitch --quiet "$@"; }

step deploy --verify --target "$target"
step verify --target "$target"
sqitch status --target "$target"
step check --target "$target"
step revert -y --target "$target"
# roles belong to the cluster, not to the database, so they may outlive the revert
left=$(psql -XAtc "SELECT count(*) FROM pg_namespace WHERE nspname IN ('health', 'health_internal')")
if [ "$left" -ne 0 ]; then
    echo "revert left $left of the schemas health and health_internal behind" >&2
    exit 1
fi
step deploy --verify --target "$target"
if [ -x .venv/bin/hha ]; then
    .venv/bin/hha deploy
fi
