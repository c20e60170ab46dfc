# `make train` and `make test` work on a fresh machine with Python (3.11 or newer) and make.
PYTHON ?= python3
BIN := .venv/bin
SEED ?= 0

train: .venv/trained-on        ## train the default experiment (ARGS="..." are overrides)
	$(BIN)/regexp-train $(ARGS)

test: .venv/tested-with lint   ## lint, then the whole suite (ARGS="..." go to pytest)
	PYTHONWARNDEFAULTENCODING=1 $(BIN)/pytest $(ARGS)

test-long: .venv/tested-with   ## every fault many times; writes reports/reliability.md (SEED=0 says where and when)
	$(BIN)/pytest -m fault --long --seed $(SEED) --reliability reports/reliability.md $(ARGS)

lint: .venv/tested-with        ## style, formatting, import layers, types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/mypy

docs: .venv/tested-with        ## the documentation site: docs/site/index.html
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict -f docs/mkdocs.yml

.venv/trained-on: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable .
	touch $@

.venv/tested-with: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[dev]"
	touch $@ .venv/trained-on

.PHONY: train test test-long lint docs
