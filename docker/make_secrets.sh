#!/bin/sh
# Make the passwords that compose.yaml needs, each in a file of the folder secrets/. What is there
# stays. Only you can enter the folder; the files themselves must be readable by the containers'
# users, into which they are mounted one by one.
set -eu
cd "$(dirname "$0")/.."

mkdir -p secrets
chmod 0700 secrets
for name in postgres_password bridge_password page_password operator_password gateway_password \
    gateway_token; do
    file=secrets/$name
    if [ -s "$file" ]; then
        continue
    fi
    head -c 24 /dev/urandom | base64 | tr -d '\n' | tr '+/' '-_' > "$file"
    chmod 0644 "$file"
    echo "made $file"
done
