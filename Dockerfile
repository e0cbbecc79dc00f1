# syntax=docker/dockerfile:1
# One image for Dagster, MLflow and the forecast service: `docker compose build`.

FROM python:3.12.12-slim-bookworm AS environment
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
COPY requirements.lock /tmp/requirements.lock
RUN python -m venv /opt/venv \
    && /opt/venv/bin/python -m pip install --no-deps --require-hashes --requirement /tmp/requirements.lock

FROM python:3.12.12-slim-bookworm
# LightGBM needs OpenMP.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends libgomp1=12.2.0-14* \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --create-home --shell /usr/sbin/nologin sn7 \
    && install --directory --owner sn7 --group sn7 /var/lib/sn7
COPY --from=environment /opt/venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
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
# Dagster reads the manifest when it loads the graph; dbt needs no database to write it.
RUN dbt parse --quiet --project-dir dbt_project --profiles-dir dbt_project \
        --target-path target/dagster --log-path /tmp/dbt \
    && python -m compileall -q -j 0 warehouse loaders synthetic ml scoring serving orchestration
USER 10001:10001
VOLUME /var/lib/sn7
EXPOSE 3000 3001 5000
CMD ["python", "-m", "orchestration", "run"]
