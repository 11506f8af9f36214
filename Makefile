# One table of commands; CI calls the same ones.
PYTHON ?= python3
PORT ?= 8080
ARGS ?=
SHARED ?= ../shared
ONLY ?=
PREDICTIONS ?=
BIN := .venv/bin

.PHONY: help setup setup-test demo run test test-fast test-elasticsearch check format bench bench-quality bench-senders bench-store bench-timelines bench-overload crash crash-long clean

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
	@$(BIN)/python -m pytest -n 2 --dist loadgroup $(ARGS)

test-fast: setup-test ## without browsers, servers, torch and what is slow
	@$(BIN)/python -m pytest -n 2 -m "not (browser or elasticsearch or kafka or semantic or slow)" $(ARGS)

test-elasticsearch: setup-test ## those on the server at AIOPS_TEST_ELASTICSEARCH_URL, else on one that Docker starts
	@$(BIN)/python -m pytest -n 2 --dist loadgroup -m elasticsearch $(ARGS)

check: setup-test ## lint, format, types, direction of imports, secrets, the compose file
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@git ls-files -z | grep -zEv '^(tests/golden|tests/benchmarks/quality|rules/packs)/' | xargs -0 $(BIN)/detect-secrets-hook
	@$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec docker-compose.yml

format: setup-test ## lay the code out and mend what can be mended
	@$(BIN)/ruff check --fix --exit-zero .
	@$(BIN)/ruff format .

bench: setup-test ## the benchmarks (ARGS="../shared" names the data)
	@$(BIN)/python -m tests.benchmarks $(ARGS)

bench-quality: setup-test ## how good it is on public data (SHARED=../shared; ONLY=name; PREDICTIONS=dir keeps the answers)
	@$(BIN)/python -m tests.benchmarks.quality $(SHARED) $(if $(ONLY),--only $(ONLY)) $(if $(PREDICTIONS),--predictions $(PREDICTIONS))

bench-senders: setup-test ## how well recorded bodies of real senders are read (SHARED=../shared)
	@$(BIN)/python -m tests.benchmarks.bench_senders $(SHARED) $(ARGS)

bench-timelines: setup-test ## whether recorded retry storms end in the true state (SHARED=../shared)
	@$(BIN)/python -m tests.benchmarks.bench_timelines $(SHARED) $(ARGS)

bench-store: setup-test ## pages on SQLite and Elasticsearch (ARGS="10000 100000 1000000": how many alerts)
	@$(BIN)/python -m tests.benchmarks.bench_store $(ARGS)

bench-overload: setup-test ## many times what the engine can fold, for five minutes: memory, answers, nothing lost
	@$(BIN)/python -m tests.benchmarks.bench_overload $(ARGS)

crash: setup-test ## 30 processes killed under load, and nothing lost (ARGS="--seed 7" repeats a run)
	@$(BIN)/python -m tests.crash --kills 30 $(ARGS)

crash-long: setup-test ## the same with 1,000
	@$(BIN)/python -m tests.crash --kills 1000 $(ARGS)

clean:           ## remove what was made
	@rm -rf .venv dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
