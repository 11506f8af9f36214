# One table of commands; CI calls the same ones.
PYTHON ?= python3
PORT ?= 8080
ARGS ?=
BIN := .venv/bin

.PHONY: help setup setup-test demo run test test-fast check format bench clean

help:            ## this table
	@grep -E '^[a-z-]+: .*##' Makefile | sed -E 's/:[^#]*## */\t/' | expand -t 12

setup:           ## make .venv with what `aiops` needs
	@$(PYTHON) scripts/setup.py run

setup-test:      ## the same, and what the tests and checks need
	@$(PYTHON) scripts/setup.py test

demo: setup      ## a bundled alert storm on http://127.0.0.1:8080 (PORT=...)
	@$(BIN)/aiops demo --port $(PORT) $(ARGS)

run: setup       ## the server (ARGS="--help" lists its options)
	@$(BIN)/aiops serve --port $(PORT) $(ARGS)

test: setup-test ## every test (ARGS="-k name")
	@$(BIN)/python -m pytest -n 2 $(ARGS)

test-fast: setup-test ## without browsers, servers, torch and what is slow
	@$(BIN)/python -m pytest -n 2 -m "not (browser or elasticsearch or kafka or semantic or slow)" $(ARGS)

check: setup-test ## lint, format, types, direction of imports, the compose file
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec docker-compose.yml

format: setup-test ## lay the code out and mend what can be mended
	@$(BIN)/ruff check --fix --exit-zero .
	@$(BIN)/ruff format .

bench: setup-test ## the benchmarks (ARGS="../shared" names the data)
	@$(BIN)/python -m tests.benchmarks $(ARGS)

clean:           ## remove what was made
	@rm -rf .venv dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
