FROM python:3.13-slim AS build
WORKDIR /src
COPY setup.py pyproject.toml README.md ./
COPY server server
COPY schemas schemas
RUN pip wheel --no-cache-dir --wheel-dir /wheels .

FROM python:3.13-slim
ARG REVISION=unknown
LABEL org.opencontainers.image.title="tokenweir" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.revision="${REVISION}"
# no version: the stage above has resolved them
# hadolint ignore=DL3013
RUN --mount=type=bind,from=build,source=/wheels,target=/wheels \
    pip install --no-cache-dir --no-index --find-links=/wheels tokenweir \
    && groupadd --system --gid 10001 tokenweir \
    && useradd --system --uid 10001 --gid 10001 --no-create-home tokenweir \
    && install --directory --owner=10001 --group=10001 --mode=0750 /var/lib/tokenweir
# a fixed group: Grafana's container joins it to read the database
USER 10001:10001
# no secrets: it is the name that begins with TOKEN
# hadolint ignore=DL3064
ENV TOKENWEIR_ADDRESS=0.0.0.0 \
    TOKENWEIR_ALLOW_ANONYMOUS=yes \
    TOKENWEIR_DB=/var/lib/tokenweir/tokenweir.db \
    TOKENWEIR_LOG_FORMAT=json \
    TOKENWEIR_REVISION=${REVISION}
VOLUME /var/lib/tokenweir
EXPOSE 4318
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s \
    CMD ["python", "-c", "import os, urllib.request as u; u.urlopen('http://127.0.0.1:' + os.environ.get('TOKENWEIR_PORT', '4318') + '/livez', timeout=2)"]
ENTRYPOINT ["tokenweir"]
