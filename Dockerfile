# PostgreSQL 17 with pg_cron, pgTAP and plpgsql_check: the server the tests run
# against, and a base for trying the monitor in a container.
#
#   docker build --network host -t hha-postgres .
#   docker run -e POSTGRES_PASSWORD=… -p 127.0.0.1:5433:5432 hha-postgres
#
# Build arguments: none. Variables at run time: see docker/entrypoint.sh.
FROM debian:trixie-slim

ENV LANG=C.UTF-8 \
    PATH=/usr/lib/postgresql/17/bin:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin \
    PGDATA=/var/lib/postgresql/data

# The packaged default cluster would only be in the way: the entry point makes its own.
RUN mkdir -p /etc/postgresql-common/createcluster.d \
    && echo 'create_main_cluster = false' > /etc/postgresql-common/createcluster.d/hha.conf \
    && apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends \
        postgresql-17 \
        postgresql-17-cron \
        postgresql-17-pgtap \
        postgresql-17-plpgsql-check \
    && rm -rf /var/lib/apt/lists/* \
    && install -d -o postgres -g postgres -m 0700 "$PGDATA"

COPY docker/entrypoint.sh /usr/local/bin/hha-entrypoint

USER postgres
VOLUME /var/lib/postgresql/data
EXPOSE 5432
# SIGINT is PostgreSQL's fast shutdown; Docker's SIGTERM would wait for every client.
STOPSIGNAL SIGINT
HEALTHCHECK --interval=5s --timeout=5s --start-period=60s --retries=6 \
    CMD ["pg_isready", "--quiet", "--username=postgres", "--dbname=postgres"]
ENTRYPOINT ["hha-entrypoint"]
