# make run: install and start the product; make test: install and pass the tests.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
PYTEST := $(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder   # tests wait for other processes half of their time

# What failed beside others once more alone: a peer that lost its port or its time passes then and is named, a fault fails twice.
AGAIN  := { echo "failed once; once more alone:"; $(BIN)/python -m pytest --last-failed --last-failed-no-failures none -v; }

.PHONY: run test check bench slow soak fuzz clean format

$(STAMP): pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $@

run: $(STAMP)
	$(BIN)/printmgr demo

test: $(STAMP)
	$(PYTEST)

check: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(PYTEST) || $(AGAIN)

bench: $(STAMP)
	$(BIN)/python -m benchmarks

slow: $(STAMP)
	$(BIN)/python -m pytest -m slow

HOURS ?= 2
soak: $(STAMP)
	$(BIN)/python -m tests.soak --hours $(HOURS) --folder run/soak-$$(date +%Y%m%d-%H%M%S)

fuzz: $(STAMP)
	$(BIN)/python -m pytest -m slow -s tests/attacks

format: $(STAMP)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
