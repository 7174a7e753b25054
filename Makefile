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
LOCK = $(BIN)/python -m uv pip compile --quiet --generate-hashes --universal --python-version 3.11 --no-header \
	--no-emit-index-url --no-emit-find-links --only-binary :all:

# The settings are checked as a production has them: nothing left at the defaults for one machine.
PRODUCTION = DEBUG=0 SECRET_KEY="$$($(BIN)/python -c 'from portaladmin.up import keys; print(keys.secret_key())')" \
	ENCRYPTION_KEYS="$$($(BIN)/python -c 'from portaladmin.up import keys; print(keys.encryption_key())')" \
	ADMIN_URL=https://admin.example.com PORTAL_BASE_DOMAIN=portals.example.net

# Activating other environments, or settings of another project, must not leak in here.
unexport PYTHONPATH PYTHONHOME VIRTUAL_ENV

.PHONY: help python up drill bench test pictures gallery faults check fmt lock clean venv venv-dev

help: ## List these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' Makefile

python:
	@command -v "$(PYTHON)" >/dev/null || { echo "$(PYTHON) is missing; run: apt-get install python3 python3-venv" >&2; exit 1; }

up: python ## Start everything on this machine and say where it is; Ctrl-C stops it
	@exec "$(PYTHON)" -m portaladmin.up

drill: venv ## Break jobs, workers and messages of the drill's own on this installation, and say what held
	@$(BIN)/python manage.py drill $(ARGS)

venv: python ## Make the virtual environment with what the product needs
	@"$(PYTHON)" -m portaladmin.up environment base

venv-dev: python ## Make the virtual environment with what tests and checks need
	@"$(PYTHON)" -m portaladmin.up environment dev

# Beside the environment's own packages, never among them: the product neither needs nor sees them.
$(VENV)/bench/installed: requirements/bench.txt
	rm -rf $(@D)
	$(BIN)/python -m pip install --quiet --require-hashes --no-deps --only-binary :all: --no-input \
		--disable-pip-version-check --target $(@D) --requirement $<
	touch $@

bench: venv-dev $(VENV)/bench/installed ## Measure what jobs cost, against Celery alone and DBOS (some minutes)
	@PYTHONPATH=$(VENV)/bench $(BIN)/python -m tests.bench $(ARGS)

# All tests are shared by as many processes as there are cores; few need no second pair of servers.
test: check ## Check the code, then run every test on a real PostgreSQL and Valkey (ARGS=tests/jobs for some)
	$(BIN)/python -m pytest $(or $(ARGS),-n auto --maxprocesses 4)

pictures: venv-dev ## Take the pictures of the documents anew, with the browser tests
	PICTURES=1 $(BIN)/python -m pytest tests/browser/test_journey.py $(ARGS)

gallery: venv-dev ## Take pictures of every page, in both themes and several widths, to be looked at (GALLERY=folder)
	GALLERY="$(or $(GALLERY),var/gallery)" $(BIN)/python -m pytest -o python_files=gallery.py tests/browser/gallery.py $(ARGS)

faults: venv-dev ## Kill workers, servers and messages under real jobs, and see what holds; a few minutes
	$(BIN)/python -m pytest -o python_files='fault_*.py' tests/faults $(ARGS)

# No database runs during these checks, so Django need not say that it could not ask one.
check: venv-dev ## Check style, types, the order of imports, migrations and deployment settings
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .
	$(BIN)/python -m mypy .
	$(BIN)/python -c "from importlinter.cli import lint_imports_command; lint_imports_command()"
	$(PRODUCTION) $(BIN)/python -W "ignore:Got an error checking:RuntimeWarning" manage.py makemigrations --check --dry-run
	$(PRODUCTION) $(BIN)/python manage.py check --deploy --fail-level WARNING

fmt: venv-dev ## Format the code and mend what can be mended without thought
	$(BIN)/python -m ruff check --fix .
	$(BIN)/python -m ruff format .

lock: venv-dev ## Compile requirements/*.in into locks with hashes; ARGS=--upgrade takes newer versions
	$(LOCK) $(ARGS) requirements/base.in --output-file requirements/base.txt >/dev/null
	$(LOCK) $(ARGS) requirements/dev.in --output-file requirements/dev.txt >/dev/null
	$(LOCK) $(ARGS) requirements/bench.in --output-file requirements/bench.txt >/dev/null
	@"$(PYTHON)" -m portaladmin.up environment dev

clean: ## Remove the virtual environment and the caches; data in DATA_DIR stays
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage htmlcov
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
