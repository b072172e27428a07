#!/bin/sh
# Install Debian packages by purpose; quick when they are there already.
#
#   ci/install_packages.sh venv         what python3 needs to make a virtual environment
#   ci/install_packages.sh server       PostgreSQL with pg_cron, pgTAP, plpgsql_check for private clusters
#   ci/install_packages.sh sqitch       sqitch and pg_prove
#   ci/install_packages.sh alertmanager Prometheus Alertmanager, which a channel is tested against
#   ci/install_packages.sh prometheus   Prometheus and promtool, which the metrics and alert rules are tested with
#   ci/install_packages.sh systemd      systemd-analyze, by which the units are checked
#   ci/install_packages.sh pgq          PgQ, which bench/queues.py compares with
#   ci/install_packages.sh browser      Chromium, in which the dashboard is tested
#   ci/install_packages.sh node         Node and npm, for the agent of docs/agents.md that is written in it
#   ci/install_packages.sh docker       a Docker engine, compose, and what makes a base image without a registry
set -eu

packages_of() {
    case $1 in
        venv) echo python3-venv ;;
        server) echo postgresql-15 postgresql-15-cron postgresql-15-pgtap postgresql-15-plpgsql-check ;;
        sqitch) echo sqitch libdbd-pg-perl postgresql-client libtap-parser-sourcehandler-pgtap-perl ;;
        alertmanager) echo prometheus-alertmanager ;;
        prometheus) echo prometheus ;;
        pgq) echo postgresql-15-pgq3 ;;
        systemd) echo systemd ;;
        browser) echo chromium fonts-dejavu-core ;;
        node) echo nodejs npm ;;
        docker) echo docker.io docker-compose debootstrap iptables ;;
        *)
            echo "unknown purpose '$1'; one of: venv server sqitch alertmanager prometheus systemd pgq browser node docker" >&2
            return 1
            ;;
    esac
}

is_installed() {
    # A command that came another way (a Docker of its own, say) is as good as the package.
    case $1 in
        docker.io) command -v dockerd > /dev/null && return 0 ;;
        nodejs) command -v node > /dev/null && return 0 ;;
        npm) command -v npm > /dev/null && return 0 ;;
        *) ;;
    esac
    dpkg-query --show --showformat='${db:Status-Status}\n' "$1" 2> /dev/null | grep -qx installed
}

missing=
for purpose in "$@"; do
    packages=$(packages_of "$purpose")
    for package in $packages; do
        is_installed "$package" || missing="$missing $package"
    done
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" -ne 0 ] || ! command -v apt-get > /dev/null; then
    echo "These Debian packages are missing, please install them:$missing" >&2
    exit 1
fi

# The packages would make and start a cluster of their own; the tests make private ones.
mkdir -p /etc/postgresql-common/createcluster.d
echo 'create_main_cluster = false' > /etc/postgresql-common/createcluster.d/hha.conf

# Nor shall Prometheus and Alertmanager start as services: their tests run them.
policy=/usr/sbin/policy-rc.d
case $missing in
    *prometheus*)
        if [ ! -e "$policy" ]; then
            trap 'rm -f "$policy"' EXIT
            printf '#!/bin/sh\nexit 101\n' > "$policy"
            chmod 755 "$policy"
        fi
        ;;
    *) ;;
esac

log=$(mktemp)
echo "installing:$missing"
# shellcheck disable=SC2086 # a list of words
if ! { apt-get update && DEBIAN_FRONTEND=noninteractive \
        apt-get install --yes --no-install-recommends $missing; } > "$log" 2>&1; then
    tail -n 20 "$log" >&2
    echo "apt-get could not install:$missing (log: $log)" >&2
    exit 1
fi
rm -f "$log"
