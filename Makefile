# `make help` lists what there is. Everything installs into .venv from the hash-pinned lock files.
PY ?= python3
BIN := .venv/bin
UV := $(shell command -v uv 2>/dev/null || echo .venv/_uv/bin/uv)
LOCK := $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate
RUN_INPUT := pyproject.toml --extra embedded --group build
T ?= tests
B ?=
M ?=
export DAYBOOK_PORT

.DEFAULT_GOAL := help

##@ Use
.PHONY: help
help: ## List the targets
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} /^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: run
run: .venv/.run ## Start everything, open a sandbox book with data, print what to try; Ctrl-C stops
	@$(BIN)/daybook up

.PHONY: demo
demo: .venv/.run ## Write another demonstration book into the stack that is running
	@$(BIN)/daybook demo

.PHONY: bench
bench: .venv/.bench ## Measure, print a table, write build/bench.json (B=NAME runs one)
	@$(BIN)/python -m benchmarks $(B)

##@ Work on it
.PHONY: check
check: .venv/.dev lock-check ## Every gate that needs no server: format, lint, types, layers, drift
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/python -m pytest -q -p no:randomly tests/architecture

.PHONY: fmt
fmt: .venv/.dev ## Format and mend what can be mended
	@$(BIN)/ruff check --quiet --fix-only .
	@$(BIN)/ruff format --quiet .

.PHONY: test
test: .venv/.dev ## Every test but those of check, against real servers, with coverage of domain and store (T=path narrows)
	@$(BIN)/coverage erase
	@$(BIN)/coverage run -m pytest -q -n 4 $(T) $(if $(filter tests,$(T)),--ignore=tests/architecture)
ifeq ($(T),tests)
	@$(BIN)/coverage combine -q
	@$(BIN)/coverage report
endif

.PHONY: test-fast
test-fast: .venv/.dev ## The tests that need no server
	@$(BIN)/python -m pytest -q tests/domain tests/architecture

.PHONY: mutate
mutate: .venv/.dev ## Plant small faults in domain, see which ones no test finds (M="--sample 50 --only domain.posting")
	@$(BIN)/python -m tests.mutation $(M)

.PHONY: contract
contract: .venv/.contract ## Hold the contract against linters, generated requests and generated clients (needs Node.js)
	@$(BIN)/python -m contract

.PHONY: lock
lock: .venv/.run ## Renew every lock file
	@$(LOCK) --upgrade $(RUN_INPUT) -o requirements.lock
	@$(LOCK) --upgrade $(RUN_INPUT) --group dev -c requirements.lock -o requirements-dev.lock
	@$(LOCK) --upgrade --group bench -c requirements-dev.lock -o bench.lock
	@$(LOCK) --upgrade --group contract -c requirements-dev.lock -o contract.lock
	@echo 'uv' | $(LOCK) --upgrade - -o bootstrap.lock

.PHONY: lock-check
lock-check: .venv/.dev
	@mkdir -p build && cp requirements.lock requirements-dev.lock bench.lock contract.lock build/
	@$(LOCK) $(RUN_INPUT) -o build/requirements.lock
	@$(LOCK) $(RUN_INPUT) --group dev -c requirements.lock -o build/requirements-dev.lock
	@$(LOCK) --group bench -c requirements-dev.lock -o build/bench.lock
	@$(LOCK) --group contract -c requirements-dev.lock -o build/contract.lock
	@cmp -s requirements.lock build/requirements.lock && cmp -s requirements-dev.lock build/requirements-dev.lock \
	  && cmp -s bench.lock build/bench.lock && cmp -s contract.lock build/contract.lock \
	  || { echo "The lock files do not match pyproject.toml: run 'make lock' and commit the result."; exit 1; }

.PHONY: clean
clean: ## Remove the environment, caches and build output (never .daybook, which holds data)
	@rm -rf .venv build dist .coverage* .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The environment. Without uv on PATH, a pinned uv is installed beside it: it is ten times faster than pip.
.venv/.made: bootstrap.lock
	@rm -rf .venv
	@$(PY) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Daybook needs Python 3.11 or newer: make PY=python3.12 ...")'
	@$(PY) -m venv --without-pip .venv
	@[ "$(UV)" != ".venv/_uv/bin/uv" ] || $(PY) -m pip install -q --disable-pip-version-check --root-user-action ignore \
	  --require-hashes --no-deps --target .venv/_uv -r bootstrap.lock
	@touch $@

.venv/.run: .venv/.made requirements.lock pyproject.toml
	@$(UV) pip install -q --python .venv --require-hashes -r requirements.lock
	@$(UV) pip install -q --python .venv --no-deps --no-build-isolation -e .
	@touch $@

.venv/.dev: .venv/.run requirements-dev.lock
	@$(UV) pip install -q --python .venv --require-hashes -r requirements-dev.lock
	@touch $@

.venv/.bench: .venv/.dev bench.lock
	@$(UV) pip install -q --python .venv --require-hashes -r bench.lock
	@touch $@

# Apart from .venv itself: its tools bring plugins that the tests would load.
.venv/.contract: .venv/.dev contract.lock
	@$(UV) venv -q --allow-existing --python $(BIN)/python .venv/_contract
	@$(UV) pip install -q --python .venv/_contract --require-hashes -r contract.lock
	@touch $@
