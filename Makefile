# The commands of this project; `make help` lists them.
# Everything runs in the virtual environment .venv, which is made here, so that Python 3.11 and make are enough.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
# The recipes below share one virtual environment.
.NOTPARALLEL:

# Any Python from 3.11 on: `make PYTHON=python3.12 up`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

# uv writes locks without the address of any package registry, and only for what is installable from a wheel.
LOCK = $(BIN)/uv pip compile --quiet --generate-hashes --universal --python-version 3.11 --no-header \
	--no-emit-index-url --no-emit-find-links --only-binary :all:

# Activating other environments, or settings of another project, must not leak in here.
unexport PYTHONPATH PYTHONHOME VIRTUAL_ENV

.PHONY: help up test check fmt lock clean venv venv-dev

help: ## List these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' Makefile

up: ## Start everything on this machine and say where it is; Ctrl-C stops it
	@$(PYTHON) -m portaladmin.up.environment base
	@exec $(BIN)/python -m portaladmin.up

venv: ## Make the virtual environment with what the product needs
	@$(PYTHON) -m portaladmin.up.environment base

venv-dev: ## Make the virtual environment with what tests and checks need
	@$(PYTHON) -m portaladmin.up.environment dev

test: check ## Check the code, then run every test on a real PostgreSQL and Valkey
	$(BIN)/python -m pytest $(ARGS)

# The deployment check looks at the settings as production would have them, so it gets a production's environment.
check: venv-dev ## Check style, types, the order of imports, migrations and deployment settings
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy .
	$(BIN)/lint-imports
	$(BIN)/python manage.py makemigrations --check --dry-run
	@$(BIN)/python -m portaladmin.up.deploycheck

fmt: venv-dev ## Format the code and mend what can be mended without thought
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: venv-dev ## Compile requirements/*.in into locks with hashes; ARGS=--upgrade takes newer versions
	$(LOCK) $(ARGS) requirements/base.in --output-file requirements/base.txt
	$(LOCK) $(ARGS) requirements/dev.in --output-file requirements/dev.txt
	@$(MAKE) --no-print-directory venv-dev

clean: ## Remove the virtual environment and the caches; data in DATA_DIR stays
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage htmlcov
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
