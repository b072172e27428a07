# Everything a newcomer needs: `make help`. Needs python3 (3.11 or later), make and git;
# the rest goes into .venv. SERVER chooses what the tests run against:
# auto (a container where a Docker engine answers, else Debian's packages), container,
# debian or embedded.

SERVER ?= auto
PYTHON ?= python3
PYTEST_ARGS ?=
# Whether `make test` goes on to the embedded server afterwards.
EMBEDDED ?= yes
# How many files are tested at a time, each worker with a server of its own; 0: no workers.
WORKERS ?= 2
BENCH_ARGS ?=
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
BENCH_READY := $(VENV)/.bench
PY_SOURCES := python_bridge tests/conftest.py tests/servers tests/python ci docker $(wildcard bench)
# Scripts of their own; the other files are their parts.
BENCHES := $(shell grep --files-with-matches ' = parser\b' bench/*.py)
PYTEST := $(BIN)/pytest --numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder
# The same paths as pytest's pythonpath: tests/servers is shared by tests, ci and this file.
SERVERS := PYTHONPATH=tests $(BIN)/python -m servers

.DEFAULT_GOAL := help
.PHONY: help run demo test pgtap check lint gates sqitch bench bench-quick psql docs format wheel clean server

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

run: $(READY) ## run the monitor with its sample agents on the embedded PostgreSQL
	@$(BIN)/hha up

demo: $(READY) ## the same with faults: each one detected, recovered and verified, or it fails
	@$(BIN)/hha demo

test: $(READY) server ## pgTAP and pytest on SERVER, then the database's part on the embedded one
	$(PYTEST) --server $(SERVER) $(PYTEST_ARGS)
ifeq ($(EMBEDDED)$(filter embedded,$(SERVER)),yes)
	$(PYTEST) --server embedded tests/python/integration/test_servers.py \
		tests/python/integration/test_pgtap.py tests/python/integration/test_gates.py $(PYTEST_ARGS)
endif

pgtap: $(READY) server ## only the pgTAP files, by pg_prove where it is installed
	@if command -v pg_prove >/dev/null && command -v psql >/dev/null; then \
		$(SERVERS) --server $(SERVER) --deploy --pgtap -- pg_prove --recurse --ext .sql tests/pgtap; \
	else \
		$(BIN)/pytest --server $(SERVER) tests/python/integration/test_pgtap.py $(PYTEST_ARGS); \
	fi

check: lint gates sqitch ## linters, types, plpgsql_check, generated docs, sqitch verify
	PYTHONPATH=tests $(BIN)/python ci/generate_docs.py --check

lint: $(READY)
	$(BIN)/ruff check $(PY_SOURCES)
	$(BIN)/ruff format --check $(PY_SOURCES)
	MYPYPATH=tests $(BIN)/mypy python_bridge/hha tests/servers tests/conftest.py ci/*.py docker/*.py
	$(BIN)/sqlfluff lint --processes 1 sql functions triggers

gates: $(READY) server
	$(BIN)/pytest --server $(SERVER) tests/python/integration/test_gates.py $(PYTEST_ARGS)

sqitch: $(READY) server
	@if command -v sqitch >/dev/null; then \
		$(SERVERS) --server $(SERVER) -- ci/sqitch_cycle.sh; \
	elif [ -n "$$CI" ]; then \
		echo "sqitch is not installed; as root: ci/install_packages.sh sqitch" >&2; exit 1; \
	else \
		echo "sqitch is not installed, its own checks are left out (ci/install_packages.sh sqitch)"; \
	fi

bench: $(BENCH_READY) ## every figure the documentation quotes, beside its baseline
	@for script in $(BENCHES); do $(BIN)/python $$script $(BENCH_ARGS) || exit 1; done

bench-quick: $(BENCH_READY) ## the same with small numbers, to see that it works
	@for script in $(BENCHES); do $(BIN)/python $$script --quick $(BENCH_ARGS) || exit 1; done

psql: $(READY) ## psql on the database of `make run` (or HHA_DSN)
	@$(BIN)/python ci/psql.py

docs: $(READY) ## write docs/schema.sql, data_dictionary.md and er_diagram.md anew
	PYTHONPATH=tests $(BIN)/python ci/generate_docs.py

format: $(READY) ## let ruff lay out the Python files
	$(BIN)/ruff check --fix $(PY_SOURCES)
	$(BIN)/ruff format $(PY_SOURCES)

wheel: $(READY) ## the Python package, with the schema in it, into dist/
	$(BIN)/python -m hatchling build -t wheel

clean: ## remove .venv and caches; the data of `make run` stays
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -not -path './.git/*' -prune -exec rm -rf {} +

# What the benches compare with.
$(BENCH_READY): $(READY)
	umask 022 && $(BIN)/python -m pip install --quiet --disable-pip-version-check \
		-c constraints.txt -e '.[bench]'
	@touch $@

# The packages the chosen test server needs. Quick when they are there.
server:
	@ci/prepare_server.sh $(SERVER)

# Readable by others whatever the umask: the embedded server may run as a user of its own.
$(READY): pyproject.toml constraints.txt ci/install_packages.sh
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or later is needed; name it: make PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || ci/install_packages.sh venv
	umask 022 && $(PYTHON) -m venv $(VENV)
	umask 022 && $(BIN)/python -m pip install --quiet --disable-pip-version-check \
		-c constraints.txt -e '.[test,dev]'
	@touch $@
