# syntax=docker/dockerfile:1
# One image for Dagster, MLflow and the forecast service: `docker compose build`. The base image is an
# argument, so that it can be one of your own registry, or one made of Debian's packages (deploy/trial).
ARG PYTHON_IMAGE=python:3.12.12-slim-bookworm

FROM ${PYTHON_IMAGE} AS environment
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
COPY requirements.lock /tmp/requirements.lock
RUN python3 -m venv /opt/venv \
    && /opt/venv/bin/python -m pip install --no-deps --require-hashes --requirement /tmp/requirements.lock

FROM ${PYTHON_IMAGE}
# LightGBM needs OpenMP; backups need pg_dump and psql of the server's version.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends libgomp1=12.2.0-14* postgresql-client-15=15.* \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --create-home --shell /usr/sbin/nologin sn7 \
    && install --directory --owner sn7 --group sn7 /var/lib/sn7 /var/backups/sn7
COPY --from=environment /opt/venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONPATH=/app \
    SN7_HOME=/var/lib/sn7 \
    DO_NOT_TRACK=true \
    BENTOML_DO_NOT_TRACK=True \
    DAGSTER_DISABLE_TELEMETRY=1 \
    MLFLOW_DISABLE_TELEMETRY=true
WORKDIR /app
COPY pyproject.toml ./
COPY dbt_project dbt_project
COPY warehouse warehouse
COPY loaders loaders
COPY synthetic synthetic
COPY ml ml
COPY scoring scoring
COPY serving serving
COPY orchestration orchestration
COPY sn7 sn7
# Dagster reads the manifest when it loads the graph; dbt needs no database to write it.
RUN dbt parse --quiet --project-dir dbt_project --profiles-dir dbt_project \
        --target-path target/dagster --log-path /tmp/dbt \
    && python -m compileall -q -j 0 warehouse loaders synthetic ml scoring serving orchestration sn7
USER 10001:10001
VOLUME ["/var/lib/sn7", "/var/backups/sn7"]
EXPOSE 3000 3001 5000
CMD ["python", "-m", "sn7", "run"]
