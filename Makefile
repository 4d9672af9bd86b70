# The same commands for a person and for CI. `make demo` and `make test` need only Python.
PYTHON ?= python3
BIN := .venv/bin
DEMO := build/demo

.PHONY: demo test check fix env clean

demo: .venv/installed  ## Install, grade a take-home that ships with the project, show scorecards
	@rm -rf $(DEMO) && mkdir -p $(DEMO)
	$(BIN)/grader grade-file docs/demo/take-home.jsonl --out $(DEMO)/grades.jsonl
	$(BIN)/grader scorecard $(DEMO)/grades.jsonl --html $(DEMO)/scorecards.html
	@echo
	@echo "The same as a page:    $(DEMO)/scorecards.html"
	@echo "To practise yourself:  $(BIN)/grader serve    (then open http://127.0.0.1:8000/)"

test: .venv/installed-dev  ## Install what development needs, and run every check
	$(MAKE) check

check:  ## Format, lint, types, tests with coverage, offline evals
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/grader check
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report
	$(BIN)/python -m evals run

fix:  ## Format, and mend what the linter can
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

env: .venv/installed-dev  ## Only the environment

.venv/installed: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed; try: make demo PYTHON=python3.12")'
	@echo "Making .venv and installing; this takes a minute"
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable .
	@touch $@

.venv/installed-dev: .venv/installed pyproject.toml
	$(BIN)/python -m pip install --quiet --editable . --group dev
	@touch $@

clean:  ## Remove what the other targets made
	rm -rf .venv build dist .mypy_cache .pytest_cache .ruff_cache .coverage
