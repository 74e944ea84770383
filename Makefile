# Each target makes the virtual environment that it needs; nothing has to be installed before but Python 3.11 or newer.
#
#   make demo         the main job on the bundled recorded run: no account, no network
#   make test         the tests; what they execute is held to floors (tests/coverage_floors.py)
#   make coverage     the same, and prints what they do not execute
#   make lint         ruff and mypy
#   make notebooks    the notebooks in JupyterLab
#   make screenshots  the pictures of the demo's report in docs/
#   make bench        how fast it is, beside its peers and the floor; needs 1 GB for the corpora, and an idle machine
#                     (ROUNDS=2, else 5; PROFILE=1 tells where tracer's own time goes)
#   make lowest       the tests with the lowest versions that pyproject.toml admits
#   make spark        the SQL of Athena on Spark; needs Java 17 or newer, and is large
#   make lab          real deploys in a simulated account, each scenario under each policy; needs node, npm and a network
#   make record-demo  the run of tracer demo, recorded anew in the lab, the same bytes each time (FOLDER=... elsewhere)
#   make mutants      do the tests notice changes of what decides on access? (MODULES=..., else all; takes an hour)
#   make faults       kills commands at 200 moments each
#   make endurance    50 million records in constant memory, and 1,000 runs on a bucket that fails; half an hour or more
#   make fuzz         every parser: atheris for two minutes (EXPLORE=), then 10 million executions of the record path and 1 million
#                     of each other (EXECUTIONS=); SECONDS= at most for each, JOBS= at a time, SEED=, HARNESS= which
#   make bombs        gzip bombs, lines, files and folders at full size: gigabytes, and 100,000 files
#   make lock         requirements-dev.txt: the versions that development was last done with, with hashes
#   make audit        known vulnerabilities of what tracer installs; needs the advisory service
#   make licences     the licences of what tracer installs; fails on one that is not permissive
#   make sbom         dist/sbom.json, a CycloneDX bill of what tracer installs
#   make reproducible two builds of the wheel and the source archive; fails where a byte differs
#   make clean        remove the environment and what tools left behind

VENV := .venv
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
PYTEST_FLAGS ?= -n auto

.PHONY: demo bench test coverage lint notebooks screenshots lowest spark lab record-demo mutants faults fuzz bombs endurance lock audit licences sbom reproducible clean

demo: $(VENV)/.tracer
	$(VENV)/bin/tracer demo

test: $(VENV)/.test $(VENV)/.browser
	$(VENV)/bin/python -m pytest $(PYTEST_FLAGS) --coverage

coverage: $(VENV)/.test $(VENV)/.browser
	$(VENV)/bin/python -m pytest $(PYTEST_FLAGS) --coverage --missing

notebooks: $(VENV)/.tracer
	$(VENV)/bin/python -m pip install --quiet --editable '.[notebooks]'
	$(VENV)/bin/jupyter lab notebooks

# The fonts are for the eye alone: without them the pictures have what is there.
screenshots: $(VENV)/.test $(VENV)/.browser
	test "$$(id -u)" != 0 || apt-get install -y -qq --no-install-recommends fonts-noto-core fonts-noto-mono > /dev/null || true
	PYTHONPATH=tests $(VENV)/bin/python tests/report/screenshots.py docs

lab: $(VENV)/.test
	PYTHONPATH=tests $(VENV)/bin/python -m lab $(SCENARIOS)

record-demo: FOLDER ?= tracer/demo/records
record-demo: $(VENV)/.test
	PYTHONPATH=tests $(VENV)/bin/python -m lab.record_demo $(FOLDER)

lint: $(VENV)/.lint $(VENV)/.test
	$(VENV)/bin/ruff check
	$(VENV)/bin/ruff format --check
	$(VENV)/bin/mypy

bench: $(VENV)/.test .venv-peers/.peers
	$(VENV)/bin/python tests/bench/run.py $(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(PROFILE),--profile)

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

mutants: .venv-mutants/.mutants
	.venv-mutants/bin/python tests/mutants.py $(MODULES)

faults: $(VENV)/.test
	$(VENV)/bin/python -m pytest tests/trust/test_killed.py --kills 200

bombs: $(VENV)/.test
	$(VENV)/bin/python -m pytest tests/trust/test_bombs.py --bombs 25 --durations 0

endurance: $(VENV)/.test
	$(VENV)/bin/python -m pytest tests/trust/test_endurance.py -s --endurance

fuzz: $(VENV)/.fuzz
	PYTHONPATH=tests $(VENV)/bin/python -m fuzz $(if $(EXPLORE),--explore $(EXPLORE)) $(if $(EXECUTIONS),--executions $(EXECUTIONS)) \
		$(if $(SECONDS),--seconds $(SECONDS)) $(if $(JOBS),--jobs $(JOBS)) $(if $(SEED),--seed $(SEED)) $(HARNESS)

lock audit licences sbom reproducible: VENV := .venv-audit

lock: .venv-audit/.audit
	$(VENV)/bin/python -c 'import tomllib; p = tomllib.load(open("pyproject.toml", "rb")); g = p["dependency-groups"]; \
		print(*p["project"]["dependencies"], *g["test"], *g["lint"], sep="\n")' > $(VENV)/requirements.in
	$(VENV)/bin/pip-compile --quiet --upgrade --generate-hashes --allow-unsafe --strip-extras --no-annotate --no-header \
		--no-emit-index-url --no-emit-trusted-host --no-emit-find-links --output-file requirements-dev.txt $(VENV)/requirements.in

audit: .venv-audit/.audit .venv-runtime/.tracer
	$(VENV)/bin/pip-audit --strict --path .venv-runtime/lib/python3*/site-packages

licences: .venv-audit/.audit .venv-runtime/.tracer
	$(VENV)/bin/pip-licenses --python .venv-runtime/bin/python --from mixed --partial-match --fail-on 'GPL' > /dev/null
	$(VENV)/bin/pip-licenses --python .venv-runtime/bin/python --from mixed --partial-match \
		--allow-only 'MIT;BSD;Apache;Python Software Foundation;PSF;Mozilla Public License'

sbom: .venv-audit/.audit .venv-runtime/.tracer
	mkdir -p dist
	$(VENV)/bin/cyclonedx-py environment .venv-runtime/bin/python --pyproject pyproject.toml --output-reproducible -o dist/sbom.json

reproducible: .venv-audit/.audit
	rm -rf dist/first dist/second
	$(VENV)/bin/python -m build --outdir dist/first .
	$(VENV)/bin/python -m build --outdir dist/second .
	diff -r dist/first dist/second && sha256sum dist/first/*

.venv-runtime/.tracer: pyproject.toml
	$(MAKE) VENV=.venv-runtime .venv-runtime/bin/python
	.venv-runtime/bin/python -m pip install --quiet .
	@touch $@

.venv-audit/.audit: pyproject.toml
	$(MAKE) VENV=.venv-audit .venv-audit/bin/python
	.venv-audit/bin/python -m pip install --quiet --group audit
	@touch $@

.venv-peers/.peers: | $(VENV)/bin/python
	$(PYTHON) -m venv .venv-peers
	.venv-peers/bin/python -m pip install --quiet 'trailscraper==0.10.0' 'duckdb>=1.3' 'polars>=1.0'
	@touch $@

.venv-mutants/.mutants: pyproject.toml
	$(MAKE) VENV=.venv-mutants .venv-mutants/.tracer
	.venv-mutants/bin/python -m pip install --quiet --group mutants
	@touch $@

clean:
	rm -rf $(VENV) .bench .venv-peers .venv-lowest .venv-spark .venv-mutants .venv-audit .venv-runtime .coverage .hypothesis .mypy_cache .pytest_cache .ruff_cache build dist

$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { echo "tracer needs Python 3.11 or newer, with venv"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --quiet --upgrade 'pip>=25.1'

$(VENV)/.tracer: pyproject.toml | $(VENV)/bin/python
	$(VENV)/bin/python -m pip install --quiet --editable .
	@touch $@

# A Chromium for the tests of the report: Debian's where it may be installed, else Playwright's own. Where neither can be
# had these tests are skipped, and say so.
$(VENV)/.browser: | $(VENV)/.test
	@test -x /usr/bin/chromium \
		|| { test "$$(id -u)" = 0 && apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium > /dev/null; } \
		|| $(VENV)/bin/python -m playwright install chromium \
		|| echo "There is no Chromium to be had: the tests that need one are skipped."
	@touch $@

$(VENV)/.test $(VENV)/.lint $(VENV)/.fuzz: $(VENV)/.%: pyproject.toml | $(VENV)/.tracer
	$(VENV)/bin/python -m pip install --quiet --group $*
	@touch $@
