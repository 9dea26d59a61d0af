# Everything a bare machine needs is Python 3.11 or later with pip, and make.
PYTHON ?= python3
BIN := .venv/bin
# More words for a command: make demo ARGS=--once
ARGS ?=

.PHONY: help install demo up test lint bench lock stubs

help:
	@echo "make demo    show in a terminal what Slagboom does, on CRMs of its own"
	@echo "make up      run it: web, worker, clock, listener, and the servers they need"
	@echo "make test    run all tests"
	@echo "make lint    check style, types and the layers"
	@echo "make bench   measure"
	@echo "make lock    choose the versions of all requirements again"
	@echo "make stubs   make adapters/eventbus again from its description"

install: .venv/.installed

.venv/.installed: requirements-dev.lock pyproject.toml .ci/install.py .ci/tools.lock
	@$(PYTHON) .ci/install.py
	@touch $@

demo: install
	@$(BIN)/slagboom demo $(ARGS)

up: install
	@$(BIN)/slagboom up $(ARGS)

# More than there may be cores: the stories wait more than they compute.
test: install
	@$(BIN)/python -m pytest -n3 --dist loadfile --no-loadscope-reorder $(ARGS)

lint: install
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/lint-imports

bench: install
	@$(BIN)/python tests/bench/run.py $(ARGS)

# What runs, what develops, and uv itself. None names where packages come from.
COMPILE := .tools/bin/uv pip compile --quiet --upgrade --universal \
	--python-version 3.11 --generate-hashes --no-header

lock:
	$(COMPILE) .ci/tools.in --output-file .ci/tools.lock
	$(COMPILE) pyproject.toml --output-file requirements.lock
	$(COMPILE) pyproject.toml --extra dev --output-file requirements-dev.lock

# From here, so that the generated modules import each other by their whole names.
stubs: install
	@$(BIN)/python -m grpc_tools.protoc --proto_path=. --python_out=. --pyi_out=. \
		--grpc_python_out=. adapters/eventbus/pubsub_api.proto
