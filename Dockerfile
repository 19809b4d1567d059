# syntax=docker/dockerfile:1
# smtp-gate in a container. A starter in /srv/smtp-gate is in the image; put your own folder there:
#
#   smtp-gate init my-city        then edit my-city/config/smtp-gate.yaml: listen on 0.0.0.0, name your clients
#   docker build -t smtp-gate .
#   docker run --read-only -p 2525:2525 -v ./my-city:/srv/smtp-gate smtp-gate
#
# The folder must be writable for uid 10025: holds and journal are kept in its data_dir.

FROM python:3.13-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /src
COPY requirements.lock requirements-dev.lock ./
RUN python -m venv /build \
 && /build/bin/pip install --require-hashes --only-binary :all: -r requirements-dev.lock \
 && python -m venv /opt/smtp-gate \
 && /opt/smtp-gate/bin/pip install --require-hashes --only-binary :all: -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY smtp_gate smtp_gate
COPY rules rules
COPY config config
RUN /build/bin/python -m hatchling build -t wheel -d /dist \
 && /opt/smtp-gate/bin/pip install --no-deps /dist/*.whl \
 && /opt/smtp-gate/bin/python -m compileall -q /opt/smtp-gate/lib

FROM python:3.13-slim
COPY --from=build /opt/smtp-gate /opt/smtp-gate
ENV PATH=/opt/smtp-gate/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
# In a container loopback is nobody else's: the starter listens on all of its addresses. Who may connect is still `clients`.
RUN smtp-gate init /srv/smtp-gate \
 && sed -i -e 's/127\.0\.0\.1:2525/0.0.0.0:2525/' -e 's/127\.0\.0\.1:9925/0.0.0.0:9925/' /srv/smtp-gate/config/smtp-gate.yaml \
 && smtp-gate check -c /srv/smtp-gate/config/smtp-gate.yaml \
 && useradd --uid 10025 --no-create-home --home-dir /srv/smtp-gate --shell /usr/sbin/nologin smtp-gate \
 && chown -R smtp-gate:smtp-gate /srv/smtp-gate
WORKDIR /srv/smtp-gate
VOLUME ["/srv/smtp-gate"]
USER 10025:10025
# 2525 takes mail; 9925 has /metrics, /healthz and /readyz.
EXPOSE 2525 9925
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=20s --retries=3 \
  CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:9925/readyz', timeout=4)"]
ENTRYPOINT ["smtp-gate"]
CMD ["serve", "-c", "config/smtp-gate.yaml"]
