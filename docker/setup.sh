#!/bin/sh
# What compose.yaml's service "deploy" does: the schema, and the logins of the other services.
# Repeatable; connects as HHA_DSN and HHA_PASSWORD_FILE say, as a superuser. Passwords are
# read from the files in /run/secrets. With arguments it is the command hha with the same rights:
#   docker compose run --rm deploy add-login invoice_agent health_agent --agent invoice-sender
set -eu

if [ $# -gt 0 ]; then
    exec hha "$@"
fi
hha deploy
hha add-login hha_bridge health_bridge --password-file /run/secrets/bridge_password
hha add-login hha_page health_analyst --password-file /run/secrets/page_password
hha add-login hha_gateway health_gateway --password-file /run/secrets/gateway_password
hha add-login operator health_operator --password-file /run/secrets/operator_password
