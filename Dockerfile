# One image runs the site, the worker and the scheduler; the command says which.
#   docker build .                        the site
#   docker build --target development .   the same with Jupyter and everything that tests need

FROM python:3.12-slim-bookworm AS base
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONPATH=/app/src \
    PYTHONUNBUFFERED=1 \
    DJANGO_SETTINGS_MODULE=config.settings \
    BIND_ADDRESS=0.0.0.0 \
    VAR_DIR=/var/lib/matinee \
    STATIC_ROOT=/app/static \
    NUMBA_CACHE_DIR=/var/lib/matinee/numba
WORKDIR /app
RUN groupadd --gid 1000 matinee \
    && useradd --uid 1000 --gid 1000 --create-home --shell /usr/sbin/nologin matinee \
    && install --directory --owner matinee --group matinee /var/lib/matinee

FROM base AS packages
COPY requirements/base.txt requirements/
# pip stays outside of the environment, so it does not come along into the images.
RUN python -m venv --without-pip /opt/venv
ENV PIP_PYTHON=/opt/venv/bin/python PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN pip install --require-hashes -r requirements/base.txt

# The command line, `matinee`, is linked to the source, which comes later.
FROM packages AS linked-packages
COPY pyproject.toml README.md LICENSE ./
RUN mkdir src && pip install --no-deps --no-build-isolation --no-index --editable .

FROM base AS site
COPY --from=linked-packages /opt/venv /opt/venv
COPY LICENSE ./
COPY src src
# Collecting needs settings but talks to no server, so any address will do.
RUN DATABASE_URL=postgres://none REDIS_URL=redis://none VAR_DIR=/tmp/build \
    python src/manage.py collectstatic --noinput --verbosity 0 \
    && rm -rf /tmp/build \
    && python -m compileall -q src
USER matinee
VOLUME /var/lib/matinee
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=6s --start-period=60s CMD ["python", "-m", "config.healthcheck"]
CMD ["gunicorn", "--config", "python:config.gunicorn", "config.wsgi"]

FROM packages AS development-packages
COPY requirements/dev.txt requirements/
RUN pip install --require-hashes -r requirements/dev.txt
COPY pyproject.toml README.md LICENSE ./
RUN mkdir src && pip install --no-deps --no-build-isolation --no-index --editable .

FROM base AS development
# The source is mounted over /app, and may belong to somebody else.
ENV PYTHONDONTWRITEBYTECODE=1 STATIC_ROOT=/var/lib/matinee/static
COPY --from=development-packages /opt/venv /opt/venv
COPY . .
USER matinee
VOLUME /var/lib/matinee
EXPOSE 8000 8888
CMD ["python", "src/manage.py", "runserver", "0.0.0.0:8000"]

# Last, so that it is what `docker build .` makes.
FROM site
