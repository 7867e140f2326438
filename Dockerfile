# The archive's image: the DAGs, the pages and the command line, with what uv.lock names and nothing else.
# One image serves every service of docker-compose.yml that is ours. Not built on the development machines, which have no
# Docker; tests/unit/test_compose.py checks what can be checked without.

FROM python:3.11.14-slim-bookworm AS build
RUN pip install --no-cache-dir uv==0.13.9
WORKDIR /app
ENV UV_PROJECT_ENVIRONMENT=/app/.venv UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never
COPY pyproject.toml uv.lock README.md LICENSE ./
RUN uv sync --locked --no-default-groups --group airflow --group clerk --no-install-project --compile-bytecode
COPY archiver archiver
COPY clerk clerk
COPY search search
COPY samplecity samplecity
COPY migrations migrations
COPY dags dags
COPY deploy deploy
# Editable: the migrations and the DAGs are found beside the packages.
RUN uv sync --locked --no-default-groups --group airflow --group clerk --compile-bytecode

FROM python:3.11.14-slim-bookworm
# The number of Elasticsearch's own user, so that both can read the files of secrets that they share.
RUN groupadd --gid 1000 archive && useradd --uid 1000 --gid 1000 --home-dir /var/lib/civic-archive --create-home archive \
    && install -d -o archive -g archive -m 0700 /var/lib/civic-archive /opt/airflow /opt/airflow/logs
COPY --from=build --chown=root:root /app /app
ENV PATH=/app/.venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    AIRFLOW_HOME=/opt/airflow \
    CIVIC_ARCHIVE_HOME=/var/lib/civic-archive
WORKDIR /app
USER 1000:1000
ENTRYPOINT ["python", "/app/deploy/entrypoint.py"]
CMD ["civic-archive", "--help"]
