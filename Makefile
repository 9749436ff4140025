# Every command a person needs here. Each sets up what it needs first; a second run of the set-up takes a moment.
# `make run` takes its settings from the environment: POTLUCK_URL, POTLUCK_BIND, POTLUCK_DATA, POTLUCK_DATABASE_URL, …

# The first Python on PATH that is new enough; without one, tools/setup.py says what is missing.
PYTHON ?= $(shell for python in python3 python3.11 python3.12 python3.13 python3.14; do \
	"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$python" && exit; \
	done; echo python3)
BIN := .venv/bin
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help run demo test check fmt messages docs assets lock clean

help: ## Show this list
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' Makefile | expand -t 12

run: ## Set up everything and serve Potluck at http://127.0.0.1:8000
	@$(PYTHON) tools/setup.py && exec $(BIN)/potluck serve $(ARGS)

demo: ## Fill an empty server with a small cast and things they said
	@$(PYTHON) tools/setup.py && exec $(BIN)/potluck demo $(ARGS)

# A browser's driver and the asynchronous tests cannot share a process, so the pages are tested in a run of their own.
# Those keep the cores busy; of the others many wait for a server, so one more of them runs at a time.
# `--dist loadfile` is refined by tests/support/scheduling.py.
PAGES := tests/browser
PYTEST := $(BIN)/python -m pytest --dist loadfile

test: ## Set up everything and run all tests (ARGS="tests/social -x" for some)
	@$(PYTHON) tools/setup.py --test
ifeq ($(ARGS),)
	@$(PYTEST) -n 2 $(PAGES); pages=$$?; \
	$(PYTEST) -n 3 $(PAGES:%=--ignore=%); rest=$$?; \
	[ $$pages -eq 0 ] && [ $$rest -eq 0 ]
else
	@$(PYTEST) -n 2 $(ARGS)
endif

check: ## Style, types, import arrows, translations
	@$(PYTHON) tools/setup.py --dev
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/python tools/messages.py --check

fmt: ## Put imports in order and mend what can be mended by itself
	@$(PYTHON) tools/setup.py --dev
	$(BIN)/ruff check --fix .

messages: ## Collect the texts of the site and bring the translations up to date
	@$(PYTHON) tools/setup.py --dev
	$(BIN)/python tools/messages.py

docs: ## Write the reference pages that are made from the program
	@$(PYTHON) tools/setup.py
	$(BIN)/python tools/reference.py

assets: ## Bundle the JavaScript and CSS of the site
	@$(PYTHON) tools/setup.py

lock: ## Lock the libraries anew (UPGRADE=1 for the newest versions)
	@$(PYTHON) tools/setup.py --dev
	$(BIN)/python tools/lock.py $(if $(UPGRADE),--upgrade)

clean: ## Remove everything that was made here, except ./data
	rm -rf .venv .cache .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache build dist
	rm -rf frontend/node_modules src/potluck/web/static/dist src/potluck/web/static/manifest.json
