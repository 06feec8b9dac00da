# `make run` and `make test` do all set-up themselves; `make help` lists everything.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := PIP_CONSTRAINT=constraints.txt PIP_DISABLE_PIP_VERSION_CHECK=1 $(BIN)/python -m pip install -q
PORT ?= 8000

.DEFAULT_GOAL := help
.PHONY: help install run test check bench catalog pictures fuzz mutate torture clean

help:  ## list what there is
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 18

install: $(VENV)/.run  ## set up .venv with what running needs

run: $(VENV)/.run  ## run everything on http://127.0.0.1:8000 (PORT=8080 make run: another port)
	@PORT=$(PORT) exec $(BIN)/digest up

test: $(VENV)/.test  ## run the tests (ARGS="-k match": some of them)
	@$(BIN)/python -m pytest $(ARGS)

check: $(VENV)/.check  ## format check, lint, types, layers, tests with coverage
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python -m pytest --cov --cov-report=term:skip-covered $(ARGS)

bench: $(VENV)/.test  ## measure speed (DATA=DIR: on real papers, quality too)
	@$(BIN)/python -m benchmarks $(if $(DATA),--data $(abspath $(DATA)))

catalog: $(VENV)/.test  ## bring the catalogues of other languages up to date with the code
	@$(BIN)/python -m tests.catalog

pictures: $(VENV)/.test  ## draw every page and every mail into var/pictures
	@$(BIN)/python -m tests.pictures $(ARGS)

fuzz: $(VENV)/.fuzz  ## search the parsers for crashes, 60 s (SECONDS=600: longer)
	@$(BIN)/python -m tests.fuzz_parsers $(or $(SECONDS),60)

mutate: $(VENV)/.mutate  ## change what must not be wrong, see if tests notice (PART=links SECONDS=600)
	@$(BIN)/python -m tests.mutate $(PART) --seconds $(or $(SECONDS),600) $(if $(ONLY),--only '$(ONLY)')

torture: $(VENV)/.test  ## kill everything at random, count the mails (SECONDS=300 DATABASE=sqlite SEED=1)
	@exec $(BIN)/python -m tests.torture --seconds $(or $(SECONDS),300) \
	  --database $(or $(DATABASE),postgresql) $(if $(SEED),--seed $(SEED))

clean:  ## remove .venv and caches; the state in var/ stays
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
	  { echo "Python 3.11 or newer is needed: apt-get install python3 python3-venv"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	  { echo "Python's venv is missing: apt-get install python3-venv"; exit 1; }
	@echo "Setting up $(VENV) ..."
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.run: $(BIN)/python pyproject.toml constraints.txt
	@echo "Installing what running needs ..."
	@$(PIP) -e .
	@touch $@

$(VENV)/.test: $(VENV)/.run
	@echo "Installing what testing needs ..."
	@$(PIP) -e '.[test]'
	@touch $@

$(VENV)/.check: $(VENV)/.test
	@echo "Installing what checking needs ..."
	@$(PIP) -e '.[test,check]'
	@touch $@

$(VENV)/.fuzz: $(VENV)/.test
	@echo "Installing what fuzzing needs ..."
	@$(PIP) atheris
	@touch $@

$(VENV)/.mutate: $(VENV)/.test
	@echo "Installing what mutating needs ..."
	@$(PIP) -e '.[test,mutate]'
	@touch $@
