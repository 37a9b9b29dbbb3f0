# `make demo` and `make test` set up all they need in .venv, from Python and make alone.
PYTHON ?= python3
BIN := .venv/bin
DATA ?= data
RUNS ?= runs
SLOW ?=

.PHONY: demo test check format bench reproduce page clean

demo: .venv/.stamp-demo
	$(BIN)/emospec demo --out emospec-demo

# A process for each core; a module's tests stay together, since they share what they have trained.
test: .venv/.stamp-test
	$(BIN)/python -m pytest --numprocesses auto --dist loadfile $(TESTS)

check: .venv/.stamp-check
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/codespell

format: .venv/.stamp-check
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# Speed against the original notebook's way and the best libraries, an hour or two; on the demo corpus where DATA isn't there.
# ROWS=images measures that row alone.
ROWS ?= start images log-mel load predict train growth accuracy precision
bench: .venv/.stamp-bench
	$(BIN)/python -m benchmarks $(ROWS) --data $(DATA)

# The original notebook's experiment and the same networks on CREMA-D; hours. DATA is the folder of the real data.
reproduce: .venv/.stamp-demo
	$(BIN)/python experiments/reproduce.py $(DATA) --runs $(RUNS)
	$(BIN)/python experiments/believe.py $(DATA) --runs $(RUNS)
	$(BIN)/python experiments/flagship.py $(DATA) --runs $(RUNS)

# The studio's page from its source; needs Node. The built page is committed.
page:
	cd studio && npm ci && npm run build

.venv/pyvenv.cfg:
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip

.venv/.stamp-demo: .venv/pyvenv.cfg pyproject.toml
	$(BIN)/python -m pip install --quiet --editable ".[train,demo]"
	touch $@

.venv/.stamp-check: .venv/pyvenv.cfg pyproject.toml
	$(BIN)/python -m pip install --quiet --editable ".[serve]" --group check
	touch $@

# PyTorch is pinned in the group `test`: any other version pulls gigabytes of CUDA.
.venv/.stamp-test: .venv/pyvenv.cfg pyproject.toml
	$(BIN)/python -m pip install --quiet --editable ".[train,tensorboard,archives,demo,notebook,serve]" --group test
	touch $@

.venv/.stamp-bench: .venv/pyvenv.cfg pyproject.toml
	$(BIN)/python -m pip install --quiet --editable ".[train,demo]" --group bench
	touch $@

clean:
	rm -rf .venv build dist emospec-demo
