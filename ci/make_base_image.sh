#!/bin/sh
# Have debian:trixie-slim in the Docker engine: there already, pulled, or, where no registry
# answers, made from Debian's packages by debootstrap (as root).
set -eu
image=debian:trixie-slim

docker image inspect "$image" > /dev/null 2>&1 && exit 0
if timeout 120 docker pull --quiet "$image" > /dev/null 2>&1; then
    exit 0
fi
if [ "$(id -u)" -ne 0 ] || ! command -v debootstrap > /dev/null; then
    echo "$image can be neither pulled nor made (that takes root and debootstrap);" \
        "use SERVER=debian." >&2
    exit 1
fi
echo "no registry answers: making $image with debootstrap"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
if ! debootstrap --variant=minbase trixie "$folder/root" > "$folder/log" 2>&1; then
    tail -n 20 "$folder/log" >&2
    exit 1
fi
rm -rf "$folder"/root/var/cache/apt/archives/*.deb "$folder"/root/var/lib/apt/lists/*
tar --directory "$folder/root" --create . | docker import - "$image" > /dev/null
