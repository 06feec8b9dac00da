# One image for pages, worker and beat; docker-compose.yml gives each its command.

# The Python that the tests ran with, as the versions in constraints.txt.
FROM python:3.11-slim AS build
WORKDIR /src
RUN python -m venv /opt/daybreak
COPY pyproject.toml README.md LICENSE constraints.txt celeryconfig.py ./
COPY digest digest
COPY workers workers
COPY templates templates
RUN PIP_CONSTRAINT=constraints.txt /opt/daybreak/bin/pip install --no-cache-dir .

FROM python:3.11-slim
COPY --from=build /opt/daybreak /opt/daybreak
# Numbers, so that "not root" can be checked without looking into the image.
RUN useradd --system --uid 10001 --user-group --home-dir /state --shell /usr/sbin/nologin daybreak \
    && install -d -o daybreak -g daybreak -m 0750 /state /departures
USER 10001:10001
WORKDIR /state
ENV PATH=/opt/daybreak/bin:$PATH \
    DIGEST_STATE_DIR=/state \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    WEB_CONCURRENCY=2
# /state for beat's schedule, and embedded for everything; /departures apart from the database.
# All else may be read-only, but for /tmp.
VOLUME ["/state", "/departures"]
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/healthz', timeout=5)"]
CMD ["gunicorn", "--config", "python:digest.up.serving", "--bind", "0.0.0.0:8000"]
