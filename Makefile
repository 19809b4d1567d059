# smtp-gate: two commands from a fresh clone. Needed: make, Python 3.11 or newer with venv. Nothing else is installed
# outside .venv.
#
#   make demo     set everything up, then run the gate on sample mail until Ctrl-C   (ARGS=--once ends by itself)
#   make test     set everything up, then linters, types, import rules and all tests (ARGS='-k words -x' go to pytest)
#   make long     the fault harness at length: thousands of kills, every injection point (about half an hour)
#   make lint     the linters, types and import rules alone
#   make lock     renew the two lock files from pyproject.toml
#   make clean    remove what these commands made
#
# PYTHON=/path/to/python3.12 chooses another Python.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
LINTED := smtp_gate tests
PIP     = $(BIN)/python -m pip --disable-pip-version-check --quiet
UV     ?= $(firstword $(wildcard $(BIN)/uv) uv)
LOCK    = $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header
say     = @printf '\n==> %s\n' '$(1)'

.DEFAULT_GOAL := help
.NOTPARALLEL:
.SUFFIXES:
.PHONY: help demo test long lint lock clean setup

help:
	@sed -n '/^#   make/s/^# //p' Makefile

demo: $(READY)
	$(BIN)/smtp-gate demo $(ARGS)

test: lint
	$(call say,tests)
	$(BIN)/pytest $(ARGS)

# SEED=n gives another order of messages and victims.
SEED ?= 1
long: $(READY)
	$(call say,10000 kills of workers)
	$(BIN)/python -m tests.faults.kills --what worker --kills 10000 --seed $(SEED)
	$(call say,200 kills of the supervisor)
	$(BIN)/python -m tests.faults.kills --what supervisor --kills 200 --seed $(SEED)
	$(call say,500 kills of the keeper)
	$(BIN)/python -m tests.faults.kills --what keeper --kills 500 --seed $(SEED)
	$(call say,2000 kills while held mail is released)
	$(BIN)/python -m tests.faults.releases --kills 2000 --seed $(SEED)
	$(call say,every system call of a message and of a release: killed or failing)
	$(BIN)/python -m tests.faults.inject
	$(BIN)/python -m tests.faults.inject_release
	$(call say,processes stopped and slowed)
	$(BIN)/python -m tests.faults.stops
	$(call say,1000 reloads under load)
	$(BIN)/python -m tests.faults.reloads --reloads 1000

lint: $(READY)
	$(call say,ruff: mistakes)
	$(BIN)/ruff check $(LINTED)
	$(call say,ruff: format)
	$(BIN)/ruff format --check $(LINTED)
	$(call say,mypy: types)
	$(BIN)/mypy
	$(call say,import-linter: which room may use which)
	$(BIN)/lint-imports --no-cache

setup: $(READY)

# One environment serves all commands: every package at the version and hash that the lock file names, wheels only.
# The project itself is installed editable, built by the locked hatchling, so nothing is fetched that has no hash.
$(READY): requirements-dev.lock pyproject.toml
	@command -v '$(PYTHON)' >/dev/null 2>&1 || { \
	  echo "smtp-gate needs Python 3.11 or newer, and '$(PYTHON)' is not there: install python3, or say make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@'$(PYTHON)' -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "smtp-gate needs Python 3.11 or newer, and '$(PYTHON)' is $$('$(PYTHON)' -V 2>&1): say make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@'$(PYTHON)' -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "'$(PYTHON)' cannot make virtual environments: on Debian and Ubuntu, apt-get install python3-venv" >&2; exit 1; }
	$(call say,setting up $(VENV))
	@test -x $(BIN)/python && $(BIN)/python -c 'import sys; sys.exit(sys.version_info < (3, 11))' || '$(PYTHON)' -m venv --clear $(VENV)
	$(PIP) install --require-hashes --only-binary :all: -r requirements-dev.lock
	$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

lock: $(READY)
	@command -v '$(UV)' >/dev/null 2>&1 || { echo "make lock needs uv: $(BIN)/pip install uv" >&2; exit 1; }
	$(LOCK) --extra ldap pyproject.toml -o requirements.lock
	$(LOCK) --group dev pyproject.toml -o requirements-dev.lock

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find smtp_gate tests -name __pycache__ -type d -prune -exec rm -rf {} +
