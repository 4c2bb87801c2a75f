# citybrain: `make demo` runs the main job, `make real` a real city hour, `make test` every test.
# Everything is installed into .venv; nothing outside this folder is changed, but for PostgreSQL and
# snmpd, which `make test` installs from Debian where they are absent and it runs as root.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check

.PHONY: help demo real controllers-demo test debian check quick lint fmt type arch golden bench wheel clean

help:
	@echo "demo   the main job on the bundled scenario, into out/demo"
	@echo "real   the same on a real city hour (cologne8), into out/real"
	@echo "controllers-demo   an approved plan reaches three virtual controllers that drive a corridor"
	@echo "test   every test, SUMO included"
	@echo "check  lint, types, import contracts, quick tests; before every commit"
	@echo "bench  citybrain beside its peers; golden, fmt, wheel, clean as their names say"

demo: $(VENV)/.installed
	$(BIN)/citybrain demo --out out/demo

real: $(VENV)/.networks
	$(BIN)/citybrain retime cologne8 --seconds-budget 90 --out out/real

controllers-demo: $(VENV)/.street
	$(BIN)/citybrain controllers demo --out out/controllers-demo

test: debian $(VENV)/.networks $(VENV)/.dev
	$(BIN)/python -m pytest

debian:
	sh tests/debian.sh

check: lint type arch quick

quick: $(VENV)/.dev
	$(BIN)/python -m pytest -q -n 2 -m "not integration"

lint: $(VENV)/.dev
	$(BIN)/ruff check . && $(BIN)/ruff format --check .

fmt: $(VENV)/.dev
	$(BIN)/ruff check --fix . && $(BIN)/ruff format .

type: $(VENV)/.dev
	$(BIN)/mypy

arch: $(VENV)/.dev
	$(BIN)/lint-imports

golden: $(VENV)/.networks $(VENV)/.dev
	$(BIN)/python -m pytest -m golden --update-golden && git diff --stat tests/golden

bench: $(VENV)/.networks
	$(BIN)/citybrain bench optimizer --check

wheel: $(VENV)/.dev
	$(BIN)/python -m build --wheel --no-isolation --outdir dist .

clean:
	rm -rf out dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(PIP) install --quiet --constraint constraints.txt --editable .
	touch $@

$(VENV)/.street: $(VENV)/.installed
	$(PIP) install --quiet --constraint constraints.txt --editable ".[controllers]"
	touch $@

$(VENV)/.dev: $(VENV)/.installed
	$(PIP) install --quiet --constraint constraints.txt --editable ".[dev,camera,controllers,postgresql]"
	touch $@

# The RESCO networks come inside sumo-rl; its dependencies (learning libraries) are not needed.
$(VENV)/.networks: $(VENV)/.installed
	$(PIP) install --quiet --constraint constraints.txt --no-deps sumo-rl
	touch $@
