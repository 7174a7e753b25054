# The product's one image; docker-compose.yml says which of its processes a container is.

FROM python:3.11-slim AS packages
COPY requirements/base.txt /packages/base.txt
# Every package is locked and hashed, so there is nothing to resolve and nothing to build.
RUN python -m venv /opt/portaladmin \
    && /opt/portaladmin/bin/python -m pip install --no-cache-dir --disable-pip-version-check \
        --require-hashes --no-deps --only-binary :all: --requirement /packages/base.txt

FROM python:3.11-slim
RUN groupadd --gid 10001 portaladmin \
    && useradd --uid 10001 --gid 10001 --home-dir /data --no-create-home --shell /usr/sbin/nologin portaladmin \
    && install --directory --owner 10001 --group 10001 --mode 0750 /data /data/scheduler
COPY --from=packages /opt/portaladmin /opt/portaladmin
COPY . /app
WORKDIR /app
ENV PATH=/opt/portaladmin/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DATA_DIR=/data \
    BIND=0.0.0.0 \
    PORT=8000 \
    HTTPS_PORT=8443
USER 10001:10001
EXPOSE 8000 8443
# Takes secrets out of files, then becomes the command, so that signals reach the process itself.
ENTRYPOINT ["python", "-m", "portaladmin.entrypoint"]
CMD ["python", "-m", "gunicorn", "portaladmin.wsgi:application", "-c", "portaladmin/gunicorn.py"]
