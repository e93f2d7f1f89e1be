# The commands that people and CI use. `make demo` and `make test` set up what they need.

PYTHON := $(firstword $(foreach version,3.11 3.12 3.13,$(shell command -v python$(version))) python3)
BIN := .venv/bin

.PHONY: setup demo test test-clients test-kills lint fmt bench-engine bench-faults bench-load bench-proxy chaos soak fuzz clean

setup: .setup-stamp

.setup-stamp: pyproject.toml constraints.txt proxy/native/_relay.pyx proxy/native/_front.pxi
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed")'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

demo: setup
	@$(BIN)/iasql demo

# One file or test: make test ARGS="tests/deploy -k postgres"
test: setup
	@$(BIN)/python -m pytest $(ARGS)

# An engine killed at every call of AWS and every commit; the tests draw some of them
test-kills: setup
	@IASQL_ALL_KILLS=1 $(BIN)/python -m pytest -q -rP tests/e2e/test_killed.py $(ARGS)

# Clients' suites, directly and through the proxy: docs/compatibility.md. One: ARGS="--suite asyncpg"
test-clients: setup
	@$(BIN)/python -m tests.clients $(ARGS)

lint: setup
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

fmt: setup
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

# Options: make bench-engine ARGS="--stacks 10 --size 1000 --size 20000 --no-peer"
bench-engine: setup
	@$(BIN)/python -m bench.engine $(ARGS)

# Options: make bench-faults ARGS="--runs 1 --seed 7 --attempts 6"
bench-faults: setup
	@$(BIN)/python -m bench.faults $(ARGS)

# Options: make chaos ARGS="--seconds 600 --seed 7 --clients 16"
chaos: setup
	@$(BIN)/python -m tests.chaos $(ARGS)

# Options: make bench-load ARGS="--minutes 1 --idle 100 --busy 20"
bench-load: setup
	@$(BIN)/python -m bench.load $(ARGS)

# Options: make bench-proxy ARGS="--rounds 3 --seconds 1"; pgbouncer and psql have to be installed
bench-proxy: setup
	@$(BIN)/python -m bench.proxy $(ARGS)

# Options: make soak ARGS="--minutes 5 --seed 7"
soak: setup
	@$(BIN)/python -m tests.soak $(ARGS)

# Options: make fuzz ARGS="--seconds 600 --target frames"
fuzz: setup
	@$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[fuzz]'
	@$(BIN)/python -m tests.fuzz $(ARGS)

clean:
	rm -rf .venv .setup-stamp .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
