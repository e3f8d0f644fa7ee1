# make demo and make test need only Python >= 3.11 and make; everything else is set up in .venv
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
FILES ?= 20000
SEED ?= 1
SCALE ?= 1
POINTS ?= 2500
CHAINS ?= 200
RUNS ?= 1000

.PHONY: demo test check bench guard fuzz crash lint types imports clean

demo: $(READY) ## the main job on the demo data, and its results
	$(BIN)/missionctl init --demo .
	$(BIN)/missionctl backfill --from 2026-10-01 --to 2026-10-31
	$(BIN)/missionctl results --date 2026-10-20 --mission weekly_45 --limit 12
	$(BIN)/missionctl explain supplier 84900000007 --mission weekly_45 --date 2026-10-20

test: $(READY) ## all tests
	$(BIN)/pytest

check: lint types imports test ## what CI runs

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY)
	$(BIN)/mypy

imports: $(READY)
	$(BIN)/lint-imports

bench: $(READY) ## all contestants on one simulated marketplace, growth, and others (see bench/README.md): SCALE=0.1 is quicker
	@broken=; for what in "contest.py --scale $(SCALE)" "growth.py --scale $(SCALE)" \
	    roll.py flights.py daily.py ingest.py formulas.py large.py; do \
	    echo "bench/$$what"; $(BIN)/python bench/$$what || broken="$$broken $$what"; \
	done; test -z "$$broken" || { echo "failed, or a bound is broken:$$broken"; exit 1; }

guard: $(READY) ## a small contest that fails when a ratio to the script by hand grows beyond its bound
	$(BIN)/python bench/guard.py

fuzz: $(READY) ## odd and damaged exports by the thousand beside a slow reader: FILES=20000 SEED=1; REPLAY=SEED:NUMBER for one
	$(BIN)/python -m tests.fuzz --files $(FILES) --seed $(SEED) $(if $(REPLAY),--replay $(REPLAY))

crash: $(READY) ## runs killed and failed at every storage call: POINTS=2500 CHAINS=200 RUNS=1000 SEED=1; REPLAY=TOKEN for one
	$(BIN)/python -m tests.crash --points $(POINTS) --chains $(CHAINS) --runs $(RUNS) --seed $(SEED) $(if $(REPLAY),--replay $(REPLAY))

$(READY): requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "missionctl needs Python 3.11 or newer: make PYTHON=python3.11")'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

clean:
	rm -rf .venv
