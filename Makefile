# Each target makes the virtual environment that it needs; nothing has to be installed before but Python 3.11 or newer.
#
#   make demo    the main job on the bundled recorded run: no account, no network
#   make test    the tests
#   make lint    ruff and mypy
#   make lowest  the tests with the lowest versions that pyproject.toml admits
#   make spark   the SQL of Athena on Spark; needs Java 17 or newer, and is large
#   make clean   remove the environment and what tools left behind

VENV := .venv
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
PYTEST_FLAGS ?= -n auto

.PHONY: demo test lint lowest spark clean

demo: $(VENV)/.tracer
	$(VENV)/bin/tracer demo

test: $(VENV)/.test
	$(VENV)/bin/python -m pytest $(PYTEST_FLAGS)

lint: $(VENV)/.lint
	$(VENV)/bin/ruff check
	$(VENV)/bin/ruff format --check
	$(VENV)/bin/mypy

lowest: VENV := .venv-lowest
lowest: pyproject.toml
	$(MAKE) VENV=$(VENV) $(VENV)/.test
	sed -n 's/^    "\([a-z0-9-]*\)>=\([0-9.]*\)",$$/\1==\2/p' pyproject.toml > $(VENV)/lowest.txt
	$(VENV)/bin/python -m pip install --quiet --requirement $(VENV)/lowest.txt
	$(VENV)/bin/python -m pytest $(PYTEST_FLAGS)

spark: VENV := .venv-spark
spark: pyproject.toml
	$(MAKE) VENV=$(VENV) $(VENV)/.test
	$(VENV)/bin/python -m pip install --quiet 'pyspark>=4.0'
	$(VENV)/bin/python -m pytest tests/spark

clean:
	rm -rf $(VENV) .venv-lowest .venv-spark .coverage .hypothesis .mypy_cache .pytest_cache .ruff_cache build dist

$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { echo "tracer needs Python 3.11 or newer, with venv"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --quiet --upgrade 'pip>=25.1'

$(VENV)/.tracer: pyproject.toml | $(VENV)/bin/python
	$(VENV)/bin/python -m pip install --quiet --editable .
	@touch $@

$(VENV)/.test $(VENV)/.lint: $(VENV)/.%: pyproject.toml | $(VENV)/.tracer
	$(VENV)/bin/python -m pip install --quiet --group $*
	@touch $@
