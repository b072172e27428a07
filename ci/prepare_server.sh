#!/bin/sh
# Make sure that the test server of a kind can be started; one clear sentence if not.
#
#   ci/prepare_server.sh auto|container|debian|embedded
set -eu
here=$(dirname "$0")

engine_answers() {
    command -v docker > /dev/null && docker version > /dev/null 2>&1
}

case ${1:-auto} in
    container)
        if ! engine_answers; then
            echo "No Docker engine answers: start one, or use SERVER=debian." >&2
            exit 1
        fi
        "$here/make_base_image.sh"
        ;;
    debian)
        "$here/install_packages.sh" server
        ;;
    auto)
        if engine_answers; then
            "$here/make_base_image.sh"
        elif ! "$here/install_packages.sh" server 2> /dev/null; then
            echo "The tests need PostgreSQL: start a Docker engine," \
                "or as root on Debian 12 run ci/install_packages.sh server." >&2
            exit 1
        fi
        ;;
    embedded) ;;
    *)
        echo "SERVER is auto, container, debian or embedded, not '$1'." >&2
        exit 1
        ;;
esac
