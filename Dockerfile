# syntax=docker/dockerfile:1
# Two stages: the first has the build tools and Node, the second only Python, the locked libraries and Potluck.

FROM python:3.11-slim AS build
WORKDIR /build
# Libraries change less often than the source: their own layer.
COPY requirements.lock ./
RUN python -m venv /opt/potluck \
 && /opt/potluck/bin/pip install --no-cache-dir --no-deps --require-hashes -r requirements.lock
COPY . .
RUN python tools/setup.py \
 && .venv/bin/python -m pip wheel --quiet --no-deps --no-build-isolation --wheel-dir /build/wheels . \
 && /opt/potluck/bin/pip install --no-cache-dir --no-deps /build/wheels/*.whl \
 && /opt/potluck/bin/python -m compileall -q /opt/potluck/lib

FROM python:3.11-slim
RUN useradd --system --uid 10001 --home-dir /data --shell /usr/sbin/nologin potluck \
 && install -d -o potluck -g potluck -m 700 /data
COPY --from=build /opt/potluck /opt/potluck
ENV PATH=/opt/potluck/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    POTLUCK_DATA=/data \
    POTLUCK_BIND=0.0.0.0:8000
WORKDIR /data
USER potluck
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s \
  CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
CMD ["potluck", "serve"]
