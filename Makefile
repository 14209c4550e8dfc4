# Everything runs from a virtual environment that the first target to need it builds from the
# locked, hash-checked requirements: a fresh machine needs Python 3.11 or newer, make and git.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

VENV ?= .venv
BIN := $(VENV)/bin
NEWEST := python3.14 python3.13 python3.12 python3.11 python3 python
# Lazy (=): asked only when there is something to build.
PYTHON ?= $(shell for name in $(NEWEST); do \
	$$name -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& echo $$name && break; done)
# --no-deps and the hashes together: what is not in the lock is not installed, whoever asks for it.
INSTALL := -m pip --disable-pip-version-check --no-input install --quiet --require-hashes --no-deps
COMPILE := $(BIN)/uv pip compile pyproject.toml --quiet --system-certs --universal \
	--python-version 3.11 --generate-hashes --no-annotate --no-emit-index-url --no-emit-find-links \
	--custom-compile-command "make lock"

# Two stamps: a change of pyproject.toml does not look at a hundred packages again.
$(VENV)/.locked: deploy/requirements-dev.lock
	@$(if $(PYTHON),,echo "Python 3.11 or newer with venv is needed, as python3" >&2; exit 1)
	@echo "building $(VENV); the first time takes a minute" >&2
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python $(INSTALL) -r $<
	@touch $@

$(VENV)/.ready: $(VENV)/.locked pyproject.toml
	@$(BIN)/python -m pip --disable-pip-version-check --no-input install --quiet \
		--no-deps --no-build-isolation --no-index --editable .
	@touch $@

.PHONY: help demo phone console test quick lint bench lock wheel-check clean
help: ## show this
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

demo: $(VENV)/.ready ## hear a simulated caller phone the desks; no key, no network
	@$(BIN)/callcenter demo

phone: $(VENV)/.ready ## take calls from your own softphone
	@$(BIN)/callcenter phone

console: $(VENV)/.ready ## take a call by typing
	@$(BIN)/callcenter console

test: $(VENV)/.ready ## every test
	@$(BIN)/pytest -n 2 --dist worksteal $(ARGS)

quick: $(VENV)/.ready ## the tests without real servers; ARGS="-k word" for some
	@$(BIN)/pytest -n 2 --dist worksteal -m "not slow" $(ARGS)

lint: $(VENV)/.ready ## format, lint, types, architecture
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

bench: $(VENV)/.ready ## measure what the README claims
	@set -e; for file in tests/bench/bench_*.py; do $(BIN)/python $$file $(ARGS); done

lock: $(VENV)/.ready ## write the locks again; ARGS=--upgrade for newer versions
	@$(COMPILE) $(ARGS) --extra embedded --extra phone --output-file deploy/requirements.lock
	@$(COMPILE) $(ARGS) --all-extras --group dev --output-file deploy/requirements-dev.lock

wheel-check: $(VENV)/.ready ## build the wheel and use it where there is no checkout
	@rm -rf out/wheel && mkdir -p out/wheel
	@$(BIN)/python -m build --wheel --no-isolation --outdir out/wheel . >out/wheel/build.log \
		|| { cat out/wheel/build.log >&2; exit 1; }
	@$(BIN)/python -m venv out/wheel/venv
	@out/wheel/venv/bin/python $(INSTALL) -r deploy/requirements.lock
	@out/wheel/venv/bin/python -m pip --disable-pip-version-check install --quiet \
		--no-deps --no-index out/wheel/*.whl
	@out/wheel/venv/bin/python -m pip --disable-pip-version-check check
	@cd / && $(CURDIR)/out/wheel/venv/bin/callcenter --help >/dev/null
	@cd / && $(CURDIR)/out/wheel/venv/bin/python -I -c \
		"import callcenter, flows, sip; print('wheel', callcenter.__version__, 'works')"

clean: ## remove everything that was built
	rm -rf $(VENV) out build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis \
		.import_linter_cache .coverage
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
