# The commands that people and CI use. `make demo` and `make test` set up what they need.

PYTHON := $(firstword $(foreach version,3.11 3.12 3.13,$(shell command -v python$(version))) python3)
BIN := .venv/bin

.PHONY: docs pictures timings setup demo test test-clients test-kills test-native test-versions postgres-versions lint fmt bench-accounts bench-engine bench-faults bench-foreign bench-load bench-peer bench-proxy chaos soak fuzz clean

setup: .setup-stamp

.setup-stamp: pyproject.toml constraints.txt $(wildcard proxy/native/*.pyx proxy/native/*.pxd)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed")'
	@echo "Installing into .venv; this takes a minute or two"
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

# PostgreSQL 13 to 17 into build/postgres, from Maven; the tests of other versions use what is there
postgres-versions: setup
	@$(BIN)/python -m tests.fixtures.versions

# What a role may do, on each older PostgreSQL that is there, with an engine role that is no superuser
test-versions: postgres-versions
	@$(BIN)/python -m pytest -q tests/e2e/permissions/test_versions.py tests/e2e/test_versions.py $(ARGS)

# The compiled code's tests under AddressSanitizer and UndefinedBehaviorSanitizer, on a copy that is built with them
SANITIZED := build/sanitized
SANITIZERS := -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
NATIVE_TESTS := tests/proxy/native/test_relay.py tests/proxy/native/test_relay_encrypted.py tests/proxy/native/test_front.py \
  tests/proxy/entry/test_reuse.py tests/proxy/native/test_lending.py tests/fuzz
# Only the tests' own process needs the sanitizers, not the servers that it starts.
WITHOUT_PRELOAD := import os, sys, pytest; del os.environ["LD_PRELOAD"]; sys.exit(pytest.main(sys.argv[1:]))
test-native: setup
	rm -rf $(SANITIZED) && mkdir -p $(SANITIZED)/tests
	cp -r accounts deploy engine modules proxy pyproject.toml $(SANITIZED)
	cp -r tests/__init__.py tests/conftest.py tests/fixtures tests/fuzz tests/proxy $(SANITIZED)/tests
	cd $(SANITIZED) && for each in _relay _front; do \
	  $(CURDIR)/$(BIN)/cython -3 proxy/native/$$each.pyx && \
	  $(CC) -g -O1 -shared -fPIC $(SANITIZERS) \
	    -I$$($(CURDIR)/$(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("include"))') \
	    proxy/native/$$each.c -o proxy/native/$$each$$($(CURDIR)/$(BIN)/python -c 'import sysconfig; print(sysconfig.get_config_var("EXT_SUFFIX"))') \
	  || exit 1; done
	@cd $(SANITIZED) && LD_PRELOAD="$$($(CC) -print-file-name=libasan.so) $$($(CC) -print-file-name=libubsan.so)" \
	  ASAN_OPTIONS=detect_leaks=0 UBSAN_OPTIONS=print_stacktrace=1 PYTHONMALLOC=malloc \
	  $(CURDIR)/$(BIN)/python -c '$(WITHOUT_PRELOAD)' -q $(NATIVE_TESTS) $(ARGS)

lint: setup
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	PATH="$(CURDIR)/$(BIN):$$PATH" cython-lint --max-line-length 120 proxy/native

# What is made from what the modules declare: the least IAM policies, docs/iam, and what each table is, docs/tables;
# and from the rules of the simulated AWS: docs/simulator.md
docs: setup
	@$(BIN)/python -m accounts docs/iam
	@$(BIN)/python -m deploy.reference docs/tables
	@$(BIN)/python -m deploy.simulator.page docs/simulator.md

# The console's pictures in docs/console, taken in Chromium, and what a terminal shows
pictures: setup
	@IASQL_PICTURES=1 $(BIN)/python -m pytest -q tests/console/browser/test_pictures.py

# How long the console's large pages take: docs/console.md
timings: setup
	@IASQL_TIMINGS=1 $(BIN)/python -m pytest -q -s -n0 tests/console/browser/test_timings.py

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

# Options: make bench-accounts ARGS="--connected 50 --busy 5"
bench-accounts: setup
	@$(BIN)/python -m bench.accounts $(ARGS)

# Options: make bench-foreign ARGS="--repeats 1"
bench-foreign: setup
	@$(BIN)/python -m bench.foreign $(ARGS)

# Options: make bench-load ARGS="--minutes 1 --idle 100 --busy 20"
bench-load: setup
	@$(BIN)/python -m bench.load $(ARGS)

# Options: make bench-peer ARGS="--stacks 1 --repeats 1 --no-troubles"; Terraform or OpenTofu has to be installed
bench-peer: setup
	@$(BIN)/python -m bench.peer $(ARGS)

# Options: make bench-proxy ARGS="--rounds 3 --seconds 1"; pgbouncer and psql have to be installed
bench-proxy: setup
	@$(BIN)/python -m bench.proxy $(ARGS)

# Options: make soak ARGS="--minutes 5 --seed 7 --mode merge"
soak: setup
	@$(BIN)/python -m tests.soak $(ARGS)

# Options: make fuzz ARGS="--seconds 600 --target frames"
fuzz: setup
	@$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[fuzz]'
	@$(BIN)/python -m tests.fuzz $(ARGS)

clean:
	rm -rf .venv .setup-stamp .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
