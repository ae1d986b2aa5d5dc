# Works with GNU make 3.81 and later, so with the one that macOS ships.
SHELL := /bin/sh
.DEFAULT_GOAL := help

VENV := .venv
PY := $(VENV)/bin/python
MANAGE := $(PY) src/manage.py
PORT ?= 8000
SLOW ?= 1
BIND_ADDRESS ?= 127.0.0.1

export PYTHONPATH := $(CURDIR)/src
export PORT BIND_ADDRESS
# Always use the settings of this project, whatever the shell has set for others.
export DJANGO_SETTINGS_MODULE := config.settings

INSTALL := $(PY) requirements/install.py
LINK := $(PY) -m pip install --quiet --disable-pip-version-check --no-input --no-deps --no-build-isolation --no-index \
	--editable .
# Extras stay in the pins, and plain_pins.py adds the pins without: pip before 23.3 needs both.
COMPILE := $(PY) -m uv pip compile pyproject.toml --quiet --universal --python-version 3.11 --generate-hashes \
	--no-strip-extras --no-emit-index-url --no-emit-find-links --no-header --only-binary :all:
# Each list itself allows wheels only, but for Spark's: PySpark is published as source alone.
WHEELS := --emit-build-options

.PHONY: help install neural spark demo demo-data serve worker test lint format bench bench-full notebooks requirements clean clean-data port-free

help:  ## List all targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' Makefile
	@echo
	@echo "Variables: PORT=8000  PYTHON=python3.12  DATASET=path/to/data-set  SLOW=0  ARGS='more arguments'"

# --- Installing -------------------------------------------------------------------------------------------------------
# `activate` is the last file that venv writes, so it marks a complete environment.
$(VENV)/bin/activate:
	@for python in $(if $(PYTHON),"$(PYTHON)",python3.12 python3.11 python3); do \
	  if "$$python" -c 'import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 12))' \
	      >/dev/null 2>&1; then \
	    echo "Making $(VENV) with $$("$$python" --version)"; \
	    exec "$$python" -m venv --clear $(VENV); \
	  fi; \
	done; \
	echo "No Python 3.11 or 3.12 with the venv module was found$(if $(PYTHON), at $(PYTHON))." >&2; \
	echo "Install one (Debian, Ubuntu: python3-venv; macOS: brew install python@3.12)" >&2; \
	echo "or name it: make PYTHON=/path/to/python3.12 $(MAKECMDGOALS)" >&2; \
	exit 1

$(VENV)/base.installed: requirements/base.txt $(VENV)/bin/activate
	@echo "Matinee needs these packages (under a gigabyte on disk)."
	@$(INSTALL) requirements/base.txt
	@touch $@

$(VENV)/dev.installed: requirements/dev.txt $(VENV)/bin/activate
	@echo "Tests, checks and notebooks need these packages (under two gigabytes on disk)."
	@$(INSTALL) requirements/dev.txt
	@touch $@ $(VENV)/base.installed

# Links the command line to src/; setuptools, which does it, is one of the pinned packages.
$(VENV)/bin/matinee: pyproject.toml | $(VENV)/base.installed
	@$(LINK)
	@touch $@

install: $(VENV)/base.installed $(VENV)/bin/matinee  ## Create .venv with the packages of the site and the command line

neural: $(VENV)/base.installed  ## Add PyTorch to .venv (gigabytes on Linux), which training neural-cf needs
	@$(INSTALL) requirements/neural.txt

# PySpark is built here, by the setuptools that is pinned and installed, not by the newest one in an environment of its own.
spark: $(VENV)/base.installed  ## Add PySpark to .venv, which trainmodel als --engine spark needs beside Java 17
	@PIP_USE_PEP517=1 $(INSTALL) requirements/spark.txt --no-build-isolation

# --- Running ----------------------------------------------------------------------------------------------------------
demo: port-free demo-data  ## Set up the demo site and serve it on http://localhost:8000 (PORT=)
	@$(MANAGE) collectstatic --noinput --verbosity 0
	@echo
	@echo "Matinee is on http://localhost:$(PORT) - stop it with Ctrl-C."
	@$(MANAGE) createdemouser
	@exec $(PY) -m gunicorn --config python:config.gunicorn config.wsgi

demo-data: install  ## Set up the demo without serving it; DATASET=path imports a data set instead of the sample
	@echo "Setting up the database"
	@$(MANAGE) migrate --verbosity 0
	@$(MANAGE) $(if $(DATASET),importdataset "$(DATASET)",loadsample)
	@$(MANAGE) createdemouser
	@$(MANAGE) exportdatasets
	@$(MANAGE) trainsurprisemodel
	@$(MANAGE) createmoviesuggestions

serve: install port-free  ## Serve the site as it is on http://localhost:8000 (PORT=, BIND_ADDRESS=)
	@$(MANAGE) migrate --verbosity 0
	@$(MANAGE) collectstatic --noinput --verbosity 0
	@echo "Matinee is on http://localhost:$(PORT)"
	@exec $(PY) -m gunicorn --config python:config.gunicorn config.wsgi

worker: install  ## Run a Celery worker and the beat scheduler in one process
	@$(MANAGE) migrate --verbosity 0
	@exec $(PY) -m celery --app config worker --beat --loglevel INFO

# Checked first, so that a long pipeline does not end in "address already in use".
port-free: $(VENV)/bin/activate
	@$(PY) -c 'import socket, sys; \
	port = sys.argv[1]; \
	port.isdigit() and 0 < int(port) < 65536 or sys.exit(f"PORT must be a number from 1 to 65535, not {port!r}."); \
	socket.socket().connect_ex(("127.0.0.1", int(port))) or \
	sys.exit(f"Port {port} is taken by another program; choose one with: make PORT=8001 $(MAKECMDGOALS)")' "$(PORT)"

# --- Checking ---------------------------------------------------------------------------------------------------------
test: $(VENV)/dev.installed  ## Run the tests in parallel (SLOW=0 skips the slow ones; ARGS='-k name')
	@$(PY) -m pytest -n auto --dist worksteal $(if $(filter 0,$(SLOW)),-m "not slow") $(ARGS)

lint: $(VENV)/dev.installed  ## Check style, types, import directions, sizes and that no migration is missing
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy
	@$(VENV)/bin/lint-imports
	@$(PY) .ci/structure.py
	@$(MANAGE) makemigrations --check --dry-run

format: $(VENV)/dev.installed  ## Format the code
	@$(PY) -m ruff check --fix --quiet .
	@$(PY) -m ruff format .

bench: $(VENV)/dev.installed  ## Run all benchmarks at small size (BENCH=benchmarks/one.py ARGS='--more' runs one)
	@$(PY) $(or $(BENCH),benchmarks/run_all.py) $(ARGS)

bench-full: $(VENV)/dev.installed  ## Reproduce the figures of full size in docs/benchmarks.md: an hour, 30 GB of disk
	@$(PY) benchmarks/run_all.py --full

notebooks: $(VENV)/dev.installed  ## Open the notebooks in Jupyter
	@exec $(PY) -m jupyter lab --notebook-dir src/notebooks

requirements: $(VENV)/dev.installed  ## Pin the requirements anew from pyproject.toml (ARGS=--upgrade for newer ones)
	$(COMPILE) $(WHEELS) $(ARGS) --output-file requirements/base.txt
	$(COMPILE) $(WHEELS) $(ARGS) --extra notebooks --constraint requirements/base.txt --output-file requirements/notebooks.txt
	$(COMPILE) $(WHEELS) $(ARGS) --extra notebooks --extra dev --constraint requirements/notebooks.txt \
	  --output-file requirements/dev.txt
	$(COMPILE) $(WHEELS) $(ARGS) --extra neural --constraint requirements/dev.txt --output-file requirements/neural.txt
	$(COMPILE) $(ARGS) --no-binary pyspark --extra spark --constraint requirements/dev.txt \
	  --output-file requirements/spark.txt
	$(PY) requirements/plain_pins.py requirements/*.txt

# --- Cleaning ---------------------------------------------------------------------------------------------------------
clean:  ## Remove .venv and caches, but no data
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage
	find src tests benchmarks -name __pycache__ -prune -exec rm -rf {} + 2>/dev/null || true

clean-data: install  ## Stop the embedded services and remove var/ with the database, models and exports
	@$(PY) -m config.embedded stop
	rm -rf var
