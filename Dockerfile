# The pages' assets
FROM node:22-bookworm-slim AS assets
WORKDIR /build
COPY app/console/.npmrc app/console/package.json app/console/package-lock.json ./
RUN npm ci --omit=dev --ignore-scripts
COPY app/console/build.mjs ./
COPY app/console/assets ./assets
RUN node build.mjs

# The service
FROM python:3.11-slim-bookworm
WORKDIR /srv
COPY requirements.lock ./
RUN pip install --no-cache-dir --disable-pip-version-check --root-user-action=ignore --require-hashes -r requirements.lock
RUN useradd --system --user-group --uid 10001 --no-create-home desk \
    && install --directory --owner=desk --group=desk --mode=0700 /data
COPY pyproject.toml ./
COPY migrations ./migrations
COPY faq ./faq
COPY intents ./intents
COPY app ./app
RUN python -m compileall -q app migrations
COPY --from=assets /build/static ./app/console/static

ENV HOST=0.0.0.0 PORT=8000 DATA_DIR=/data PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER desk
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import http.client, os, sys; c = http.client.HTTPConnection('127.0.0.1', int(os.environ['PORT']), timeout=4); c.request('GET', '/healthz'); sys.exit(c.getresponse().status != 200)"]
ENTRYPOINT ["python", "-m", "app"]
CMD ["serve"]
