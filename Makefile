# Every target makes what it needs, once. Needs only Python 3.11 or newer and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
WITH_DUCKDB_1 := $(VENV)/duckdb-1

.PHONY: demo test check format lint types imports tests shipped wheel check-wheel clean

demo: $(READY)  ## Simulate two runs, ingest and analyze them, and say what to look at
	$(BIN)/ta demo

test: check  ## Everything CI runs; ends with pytest's closing line

check: lint types imports tests

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt torch
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade --no-deps --target $(WITH_DUCKDB_1) 'duckdb>=1.5.4,<2'
	@touch $@

format: $(READY)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lint: $(READY)
	$(BIN)/ruff format --check --quiet .
	$(BIN)/ruff check --quiet .

types: $(READY)
	$(BIN)/mypy

imports: $(READY)
	$(BIN)/lint-imports --no-cache --config pyproject.toml > /dev/null || $(BIN)/lint-imports --no-cache --config pyproject.toml

tests: $(READY)
	scripts/install-chromium
	PYTHONPATH=$(WITH_DUCKDB_1) $(BIN)/python -m pytest -q -n 2 tests/store tests/queries tests/readers
	$(BIN)/python -m pytest -q -n 2 --doctest-modules traceanalytics tests

shipped: $(READY)  ## Make the shipped model again, from the labels
	$(BIN)/ta train ngrams labels --out traceanalytics/shipped/ngrams

wheel: $(READY)
	$(BIN)/python -m pip wheel --quiet --no-deps --wheel-dir dist .

check-wheel:  ## Install the wheel into an empty environment, and use it there; takes minutes and the network
	scripts/check-wheel $(PYTHON)

clean:
	rm -rf $(VENV) dist demo
