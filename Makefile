# Each target does its own set-up; PYTHON names the interpreter (3.11 to 3.13).
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SECONDS ?= 60
ROUNDS ?= 100
MINUTES ?= 10

.PHONY: run test lint fuzz torture bench dashboards images clean

run: $(VENV)/installed ## start the service
	@$(BIN)/tokenweir

test: $(VENV)/test ## run all tests, over both HTTP layers; pytest alone leaves out the slow ones
	@$(BIN)/python -m pytest -m '' --numprocesses=logical --maxprocesses=4 --dist=worksteal

lint: $(VENV)/dev ## format check, lint, types, Dockerfile, compose files
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/hadolint Dockerfile
	@! test -x $(BIN)/docker-compose || for file in docs/deploy/compose.yaml grafana/docker-compose.yml; do \
		$(BIN)/docker-compose --file=$$file config --quiet || exit 1; done

fuzz: $(VENV)/test ## hostile bodies through the decoders for SECONDS (60), the same for the same SEED
	@$(BIN)/python -m tests.fuzz $(SECONDS) $(if $(SEED),--seed=$(SEED))

torture: $(VENV)/test ## kill the service in ROUNDS (100) and look whether what was accepted is stored
	@$(BIN)/python -m tests.torture $(ROUNDS) $(if $(SEED),--seed=$(SEED))

bench: $(VENV)/bench ## CPU and memory beside a bare Tornado handler, into docs/performance.md; 8 minutes
	@$(BIN)/python -m benchmarks

dashboards: $(VENV)/test ## write grafana/dashboards/ anew from their generator
	@$(BIN)/python -m grafana.generator

images: $(VENV)/test ## draw the dashboards after a staged day of MINUTES (10); needs a prometheus
	@$(BIN)/python -m tests.monitoring.images $(MINUTES)

clean: ## remove what the targets made
	rm -rf $(VENV) build dist *.egg-info

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "tokenweir needs Python 3.11 or newer; name one with PYTHON=..." >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV)

$(VENV)/installed: setup.py | $(VENV)/bin/python
	@echo "installing tokenweir and what it needs into $(VENV)"
	@$(BIN)/pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/bench: setup.py | $(VENV)/bin/python
	@echo "installing tokenweir and what its benchmarks need into $(VENV)"
	@$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[bench]'
	@touch $@ $(VENV)/installed

$(VENV)/test: setup.py | $(VENV)/bin/python
	@echo "installing tokenweir and what its tests need into $(VENV)"
	@$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[test]'
	@touch $@ $(VENV)/installed

$(VENV)/dev: setup.py | $(VENV)/bin/python
	@echo "installing the linters into $(VENV)"
	@$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@ $(VENV)/test $(VENV)/installed
