# One image for pages, worker and beat; docker-compose.yml gives each its command.
FROM python:3.13-slim AS build
WORKDIR /src
COPY pyproject.toml README.md LICENSE constraints.txt celeryconfig.py ./
COPY digest digest
COPY workers workers
COPY templates templates
RUN PIP_CONSTRAINT=constraints.txt pip install --no-cache-dir --prefix=/install .

FROM python:3.13-slim
COPY --from=build /install /usr/local
RUN useradd --system --uid 10001 --home-dir /state daybreak && install -d -o daybreak /state
USER daybreak
WORKDIR /state
ENV DIGEST_STATE_DIR=/state PYTHONUNBUFFERED=1
EXPOSE 8000
CMD ["digest", "web", "--host", "0.0.0.0"]
