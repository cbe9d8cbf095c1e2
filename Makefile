# `make demo` trains a recurrent network on real data; `make test` proves the package. Both set everything up.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
DEMO ?= demo
NATIVE := hatch_build.py $(wildcard src/mnemon/kernels/native/*)

.PHONY: help demo test test-all lint clean
help:
	@echo "make demo   set up, train on JapaneseVowels, print the accuracy, leave model and report in $(DEMO)/"
	@echo "make test   set up and run the tests, in ten to fifteen minutes on two cores; make test-all runs the slow ones too"
	@echo "make lint   ruff (style, format) and pyright (types)"
	@echo "make clean  remove the environment and everything that was made"

$(BIN)/mnemon: pyproject.toml $(NATIVE)
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/.dev: $(BIN)/mnemon
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[dev]"
	@touch $@

demo: $(BIN)/mnemon
	@mkdir -p $(DEMO)
	$(BIN)/mnemon fit --seed 0 --out $(DEMO)/model.safetensors --report $(DEMO)/report.html --force
	$(BIN)/mnemon show $(DEMO)/model.safetensors
	@echo "open $(DEMO)/report.html in a browser"

test: $(VENV)/.dev
	$(BIN)/python -m pytest -n auto --dist loadfile -m "not slow"

test-all: $(VENV)/.dev
	$(BIN)/python -m pytest -n auto --dist loadfile

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright

clean:
	rm -rf $(VENV) $(DEMO) build dist src/mnemon/kernels/_native.so .pytest_cache .ruff_cache
