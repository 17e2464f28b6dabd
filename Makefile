.DEFAULT_GOAL := help
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: help setup demo up test lint format types layers unit bench-alerts reference constraints clean

help: ## List every action in a sentence
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

setup: $(STAMP) ## Create .venv and install Bellwether from the pinned constraints

$(STAMP): pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	touch $(STAMP)

demo: setup ## Run the main job on embedded servers and real sample text, then stop
	$(BIN)/bellwether demo

up: setup ## Keep the whole stack running on this machine until Ctrl-C
	$(BIN)/bellwether up

test: lint types layers unit ## Set up, then ruff, mypy, import-linter and pytest

lint: setup ## Check style with ruff
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: setup ## Let ruff format and mend what it can
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

types: setup ## Check types with mypy
	$(BIN)/mypy

layers: setup ## Check who imports whom
	$(BIN)/lint-imports

unit: setup ## Run the tests
	$(BIN)/pytest

SEEDS ?= 1..20
bench-alerts: setup ## Measure the alert detector: simulated streams, speed, and NAB if NAB=FOLDER holds it (20 minutes; SEEDS=1 for less)
	$(BIN)/python tests/benchmarks/alerts/simulate.py --seeds $(SEEDS) --json docs/alerts/simulated.json
	$(BIN)/python tests/benchmarks/alerts/speed.py
	$(if $(NAB),$(BIN)/python tests/benchmarks/alerts/nab.py $(NAB) --json docs/alerts/nab.json,@echo "no NAB=FOLDER: the benchmark's series were left out")
	$(BIN)/python tests/benchmarks/alerts/plots.py docs/alerts

reference: setup ## Write docs/reference anew from the code
	$(BIN)/python docs/generate.py

constraints: setup ## Pin in constraints.txt what is installed now, after a dependency was added or updated
	{ head -1 constraints.txt; $(BIN)/python -m pip freeze --all --exclude-editable --exclude pip | sed 's/^torch==\([0-9.]*\)+cpu$$/torch==\1/'; } > constraints.new
	mv constraints.new constraints.txt

clean: ## Remove caches and the embedded servers' files (never your own databases)
	rm -rf .bellwether .mypy_cache .ruff_cache .pytest_cache .hypothesis
