# Plant engineer's targets: install, demo, bundle, test. Developer's: check, check-deep, dashboards, soak, outage, kills,
# memory, month, week, bench, bench-reference, systemd-run, lock.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INFLUX ?=
SPEED ?= 60
MESSAGES ?= 1000000
RATE ?= 10000
DAYS ?= 31
WEEK_HOURS ?= 168
WEEK_SPEED ?= 240
KILLS ?= 200
HOURS ?= 24
DEPTH ?= 20
MACHINE ?= x86_64
PYTHONS ?= 3.11 3.12 3.13
BUNDLE = dist/potline-$$($(BIN)/python -c 'from importlib.metadata import version as v; print(v("potline-collector"))')-linux-$(MACHINE).tar.gz

.DEFAULT_GOAL := help
.PHONY: help install install-parquet demo test coverage check check-deep dashboards soak outage kills memory month week \
  bench bench-reference bundle systemd-run servers lock clean

help:
	@echo "make install   make the environment in .venv, with the command .venv/bin/potline"
	@echo "make install-parquet   add what 'potline export' needs to write Parquet"
	@echo "make demo      simulate a potline and run the collector against it (Ctrl-C ends it)"
	@echo "               make demo INFLUX=http://127.0.0.1:8086 also writes to that InfluxDB"
	@echo "make bundle    make the archive that installs the collector on a machine without internet, in dist/;"
	@echo "               make bundle PYTHONS=3.12 MACHINE=aarch64"
	@echo "make test      install the test servers where allowed, check the code and run every test"
	@echo "make coverage  run every test and tell which lines none of them reaches"
	@echo "make check-deep   try every property with 20 times as many examples; make check-deep DEPTH=100"
	@echo "make dashboards   write Grafana's dashboards and alert rules from deploy/grafana/source"
	@echo "make soak      publish 1,000,000 MQTT messages and kill the collector every few seconds; print what came of it"
	@echo "               as a line of JSON: make soak MESSAGES=200000 RATE=20000 (messages a second)"
	@echo "make outage    play every trouble of a database under load, cut it off for an hour of plant time, and compare what"
	@echo "               it holds in the end with what was published; some minutes; print it as a line of JSON"
	@echo "make kills     kill the collector 200 times at random instants under load, and compare: make kills KILLS=20"
	@echo "make memory    keep the database away for a day of plant time and watch the collector's memory: make memory HOURS=2"
	@echo "make month     let the collector account for a simulated month with all that goes wrong in one, and compare days and"
	@echo "               month with what happened; some minutes; print it as a line of JSON: make month DAYS=7"
	@echo "make week      let a week of plant time happen, with a night of everything each night, servers away, silent meters"
	@echo "               and restarts, and compare all totals with what happened, and what the collector holds in the end"
	@echo "               with what it held before; 45 minutes: make week WEEK_HOURS=24 WEEK_SPEED=120"
	@echo "make bench     measure rates, backlog, memory and times, and compare with the reference: about 25 minutes on a"
	@echo "               machine that does nothing else; make bench ONLY=mqtt-single; lines of JSON go to var/bench.jsonl"
	@echo "make bench-reference   the same, and take it as the reference and into the README"
	@echo "make systemd-run   as root: install that archive under a real systemd in namespaces, and try the service out"

# The environment is made anew when a lock file changes. Wheels are checked against the hashes in it.
$(BIN)/potline: requirements/run.lock requirements/build.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed: make PYTHON=python3.11 $(MAKECMDGOALS)"; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' || { echo "Python's venv is missing: apt-get install python3-venv"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: \
	  -r requirements/run.lock -r requirements/build.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $(BIN)/potline

# forbiddenfruit, which blockbuster needs, is published as source only.
$(VENV)/.test-installed: $(BIN)/potline requirements/test.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes \
	  --only-binary :all: --no-binary forbiddenfruit -r requirements/test.lock
	@touch $@

install: $(BIN)/potline

install-parquet: $(BIN)/potline
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: \
	  -r requirements/parquet.lock

demo: $(BIN)/potline
	@$(BIN)/potline demo --speed $(SPEED) $(if $(INFLUX),--influx $(INFLUX))

servers:
	@sh tests/install-servers

check: $(VENV)/.test-installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	@$(BIN)/python requirements/audit.py

# Files side by side, the tests of one file one after the other, the long files first (tests/longest_first.py).
# Three at a time keep two cores busy: many files wait for clocks and servers. TESTS=0 runs all in one process.
TESTS ?= 3
SIDE_BY_SIDE = --numprocesses $(TESTS) --dist loadfile --no-loadscope-reorder
test: $(VENV)/.test-installed servers check
	$(BIN)/python -m pytest $(SIDE_BY_SIDE)

# The tests that draw, with many examples.
check-deep: $(VENV)/.test-installed servers
	TEST_DEPTH=$(DEPTH) $(BIN)/python -m pytest $(SIDE_BY_SIDE) --timeout 14400 \
	  $$(grep --recursive --files-with-matches --include='test_*.py' --extended-regexp 'from (hypothesis|draws)' tests)

dashboards: $(VENV)/.test-installed
	$(BIN)/python deploy/grafana/source/build.py
	$(BIN)/python deploy/grafana/source/provisioned.py

# Which lines no test reaches: slower by half.
coverage: $(VENV)/.test-installed servers
	$(BIN)/python -m pytest --cov --cov-report=term

soak: $(VENV)/.test-installed servers
	@$(BIN)/python tests/soak/killing_run.py --messages $(MESSAGES) --rate $(RATE)

outage: $(VENV)/.test-installed servers
	@$(BIN)/python tests/soak/outage_run.py

kills: $(VENV)/.test-installed servers
	@$(BIN)/python tests/soak/random_kills.py --kills $(KILLS)

memory: $(VENV)/.test-installed servers
	@$(BIN)/python tests/soak/memory_run.py --hours $(HOURS)

# No servers: the line and the store in one process, with a clock of its own.
month: $(VENV)/.test-installed
	@$(BIN)/python tests/end_to_end/whole_month.py --days $(DAYS)

week: $(VENV)/.test-installed servers
	@$(BIN)/python tests/soak/week_run.py --hours $(WEEK_HOURS) --speed $(WEEK_SPEED)

ONLY ?=
bench: $(VENV)/.test-installed servers
	@$(BIN)/python tests/benchmarks/bench.py --only "$(ONLY)"

bench-reference: $(VENV)/.test-installed servers
	@$(BIN)/python tests/benchmarks/bench.py --only "$(ONLY)" --renew

# Needs internet, and packages as they are locked.
bundle: $(BIN)/potline
	@$(BIN)/python deploy/offline/make_bundle.py --machine $(MACHINE) --python $(PYTHONS)

systemd-run: bundle
	@$(BIN)/python tests/deploy/systemd_run.py "$(BUNDLE)"

lock:
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
	  --custom-compile-command "make lock" --extra simulator pyproject.toml -o requirements/run.lock
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
	  --custom-compile-command "make lock" --group build -c requirements/run.lock -o requirements/build.lock
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
	  --custom-compile-command "make lock" --group parquet -c requirements/run.lock -o requirements/parquet.lock
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
	  --custom-compile-command "make lock" --group test -c requirements/run.lock -o requirements/test.lock

clean:
	rm -rf $(VENV) var .coverage .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
