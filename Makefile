# Every verb of adlake. `make` alone lists them; settings (ADLAKE_..., see README) pass through.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
.DELETE_ON_ERROR:

# What a verb is told counts on make's own command line; some systems set variables of such names.
GIVEN := PYTHON RUNTIME ONLY WITHOUT NAME FOLLOW ARGS SQL MINUTES SEED CHAOS_REPORT
$(foreach name,$(GIVEN),$(if $(filter environment%,$(origin $(name))),$(eval undefine $(name))))
PYTHON ?= python3
# Of the processor time of the plain MERGE, at most; make it smaller when ours gets cheaper.
GUARD := 2.0
CHAOS_REPORT ?= benchmarks/reports/chaos.json
# The shell of the recipes runs nothing of the user's.
unexport $(GIVEN) BASH_ENV ENV CDPATH SHELLOPTS BASHOPTS
# Else every worker of the tests, and every command that they type, compiles all modules anew.
unexport PYTHONDONTWRITEBYTECODE
# A user's own `-j` must not run two steps of one verb at once.
.NOTPARALLEL:

# Texts reach the program as they were typed: neither make nor the shell sees a `$$` or a quote in them.
export NAME_TEXT := $(value NAME)
export SQL_TEXT := $(value SQL)
BIN := .venv/bin
FORM = $(if $(RUNTIME),--runtime $(RUNTIME))
ADLAKE := $(BIN)/adlake
BOOTSTRAP := $(PYTHON) -I tools/bootstrap.py
CODE := src tests benchmarks tools
# Slow tiers run after the quick ones, so that a plain mistake is reported early.
PYTEST := $(BIN)/python -m pytest -q
STACK := -n 2 --dist loadfile --no-loadscope-reorder tests/browser tests/contract tests/integration -m "(integration or browser) and not chaos"
SPARK := -n 2 --dist worksteal tests/spark -m "spark and not integration and not browser and not chaos"
QUICK := -n 3 --dist worksteal -m "not spark and not integration and not browser and not chaos"

.PHONY: help
help: ## List these targets
	@awk 'BEGIN {FS = ":.*## "} /^##@ / {printf "\n%s\n", substr($$0, 5)} \
	  /^[a-z][a-z-]*:.*## / {printf "  %-19s %s\n", $$1, $$2}' $(lastword $(MAKEFILE_LIST))

##@ The stack
.PHONY: up down status logs nuke doctor secrets passwords jobs app app-local
up: venv ## Start everything and say where to look (RUNTIME=auto|native|docker)
	@$(ADLAKE) up $(FORM) $(if $(ONLY),--only $(ONLY)) $(if $(WITHOUT),--without $(WITHOUT))

down: venv ## Stop everything
	@$(ADLAKE) down $(FORM)

status: venv ## Show each service: state, uptime, port, memory
	@$(ADLAKE) status $(FORM)

logs: venv ## Show the end of the logs (NAME=stream for one, FOLLOW=1 to go on)
	@$(ADLAKE) logs $(FORM) $(if $(NAME_TEXT),"$$NAME_TEXT") $(if $(FOLLOW),-f)

nuke: venv ## Stop everything and remove all state (not the downloads)
	@$(ADLAKE) nuke $(FORM)

jobs: venv ## Say what each command and pipeline reads and writes
	@$(ADLAKE) flow --tables

app: venv ## Start the dashboard and what it needs, in containers
	@$(ADLAKE) up --runtime docker --only postgres,trino,dashboard

app-local: venv ## Start the dashboard and what it needs, without containers
	@$(ADLAKE) up --runtime native --only postgres,trino,dashboard

doctor: venv ## Check prerequisites, ports, disk and memory
	@$(ADLAKE) doctor $(FORM)

secrets: ## Make the passwords of the container form, in .env (`make up` does it itself)
	@$(PYTHON) -I tools/container_secrets.py

passwords: venv ## Show the logins of Metabase, Grafana, the object store and JupyterLab
	@$(ADLAKE) passwords

##@ The lake
.PHONY: wait verify explain producers quarantine source replay models rollups maintain query sql generate stream dashboard metabase notebook provision topics contracts views
wait: venv ## Block until Gold contains every event that is in the topic now
	@$(ADLAKE) wait

verify: venv ## Prove Gold: recompute it from Bronze and compare every row
	@$(ADLAKE) verify

explain: venv ## Show each delivery of an impression and what became of it (ARGS=my-ad)
	@$(ADLAKE) explain $(value ARGS)

producers: venv ## Hold what producers say they sent against the broker and Bronze
	@$(ADLAKE) producers $(value ARGS)

quarantine: venv ## List rejected deliveries, newest first (ARGS="list --reason BAD_VALUE", ARGS=resubmit)
	@$(ADLAKE) quarantine $(or $(value ARGS),list)

source: venv ## Show where the stream reads on (ARGS='continue --reason "..."' after Kafka lost records)
	@$(ADLAKE) source $(or $(value ARGS),show)

replay: venv ## Build Gold again from Bronze and compare (ARGS="--lookback 14d", ARGS=--publish, ARGS=--undo)
	@$(ADLAKE) replay $(value ARGS)

models: venv ## Build the tables of the seven attribution models (ARGS="--half-life 3d")
	@$(ADLAKE) models build $(value ARGS)

rollups: venv ## Sum Gold by hour again (the stream keeps the sums by itself)
	@$(ADLAKE) rollups build

maintain: venv ## Merge small files and remove leftover ones now (ARGS="--as-of 2026-04-02": the day that customers lapse on, first)
	@$(ADLAKE) maintain $(value ARGS)

query: venv ## Run one metric file (NAME=roas, ARGS="--param campaign_id=cmp-0008"); without NAME, list them
	@$(ADLAKE) query $(if $(NAME_TEXT),"$$NAME_TEXT") $(value ARGS)

sql: venv ## Run SQL on Trino (SQL="SELECT ...")
	@printf "%s" "$$SQL_TEXT" | $(ADLAKE) sql -

generate: venv ## Produce events in the foreground (ARGS="--rate 5000 --events 100000")
	@$(ADLAKE) generate $(value ARGS)

stream: venv ## Run the attribution job in the foreground
	@$(ADLAKE) stream

dashboard: venv ## Start the dashboard and what it needs
	@$(ADLAKE) up --only postgres,trino,dashboard

metabase: venv ## Put the dashboards of metabase/ into the Metabase at ADLAKE_METABASE_URL
	@$(ADLAKE) metabase sync

notebook: ## Open JupyterLab with the notebooks (port 8888; installs it the first time)
	@$(BOOTSTRAP) notebook
	@$(ADLAKE) notebook

provision: venv ## Create or update topic and catalog
	@$(ADLAKE) provision

topics: venv ## List the topics with what the broker holds of each
	@$(ADLAKE) topics

contracts: venv ## Hold the JSON Schemas of contracts/ against the code
	@$(ADLAKE) contracts check

views: venv ## Make missing and changed views again (the stream does so at each start)
	@$(ADLAKE) views

##@ Development
.PHONY: venv venv-dev install format docs metric-samples grafana grafana-types grafana-trial dashboards-check digests sbom audit check class-archive test test-unit test-spark test-integration coverage screenshots chaos mutants bench bench-api bench-batches bench-guard bench-drain bench-generator bench-replay bench-verify bench-dashboards bench-viewers bench-session-start bench-cost bench-alerts bench-overspend bench-business bench-peers wheel lock lock-jars
venv: ## Make .venv from requirements.lock (other targets do it themselves)
	@$(BOOTSTRAP) runtime

venv-dev: ## Make .venv with the development tools
	@$(BOOTSTRAP) dev

install: venv ## Fetch servers and jars into the cache
	@$(ADLAKE) install

class-archive: venv ## Make the archive from which Spark starts faster (a running stack makes it, too)
	@$(ADLAKE) install --class-archive

format: venv-dev ## Format the code
	@$(BIN)/ruff format $(CODE)
	@$(BIN)/ruff check --fix $(CODE)

docs: venv ## Write what is generated in docs/ again
	@$(BIN)/python -I tools/docs.py

metric-samples: venv-dev install ## Keep one answer of each metric for docs/metrics.md, from the tests that work them by hand
	@$(BIN)/python -m tools.metric_samples
	@$(MAKE) docs

grafana: venv-dev ## Write Grafana's dashboards and alert rules again
	@$(BIN)/python -m tools.grafana

grafana-types: venv-dev ## Make the schema of dashboards from Grafana's types (needs Node and npm)
	@$(BIN)/python -m tools.grafana.types

grafana-trial: venv-dev ## Start a real Grafana with them in a container, and ask it about each panel
	@$(BIN)/python -m tools.grafana.trial

dashboards-check: venv-dev ## Compare the real Metabase and Grafana of RUNTIME=docker with the metrics, and take pictures
	@$(BIN)/python -m tools.dashboards_check

digests: venv-dev ## Pin the images of docker-compose.yml to their contents (needs docker and a registry)
	@$(BIN)/python -m tools.digests

sbom: venv-dev install ## List what adlake is made of, with licences (infra/sbom.cdx.json, docs/licences.md)
	@$(BIN)/python -m tools.sbom

audit: venv-dev ## Ask a database of known faults about every locked Python package (needs the network)
	@$(BIN)/pip-audit --strict --require-hashes --disable-pip --requirement requirements.lock --requirement requirements-notebook.lock

check: venv-dev ## Lint, types, layers, SQL style; changes nothing
	@$(BIN)/ruff check --no-fix $(CODE)
	@$(BIN)/ruff format --check $(CODE)
	@if [ -x $(BIN)/hadolint ]; then $(BIN)/hadolint infra/docker/Dockerfile infra/docker/*/Dockerfile; \
	  else echo "Dockerfiles are not linted: hadolint has no build for this machine"; fi
# SQL beside types and layers, on the second core: each takes about as long.
	@$(BIN)/sqlfluff lint --disable-progress-bar sql & sql=$$!; \
	  { $(BIN)/mypy && $(BIN)/lint-imports --no-cache; } || failed=1; \
	  wait $$sql || failed=1; exit $${failed:-0}

test: venv-dev ## Run every tier of tests: quick, Spark, the whole stack, browser
# What is fetched comes while the code is checked.
	@$(ADLAKE) install & install=$$!; $(MAKE) check || failed=$$?; \
	  wait $$install || failed=$$?; exit $${failed:-0}
# The class archive of the slow tiers is made beside the quick one: it is done before that is.
	@$(ADLAKE) install --class-archive & archive=$$!; $(PYTEST) $(QUICK) || failed=$$?; \
	  wait $$archive || failed=$$?; exit $${failed:-0}
	@$(PYTEST) $(SPARK)
	@$(PYTEST) $(STACK)

test-unit: venv-dev ## Run the quick tests alone
	@$(PYTEST) $(QUICK)

coverage: venv-dev ## Measure which code the quick tests run; fails below the recorded floor
	@$(BIN)/python benchmarks/covered.py $(QUICK)

test-spark: venv-dev class-archive ## Run the tests that need a Spark session
	@$(PYTEST) $(SPARK)

test-integration: venv-dev class-archive ## Run the tests that start the stack
	@$(PYTEST) $(STACK)

screenshots: venv-dev class-archive ## Test the pages in chromium and save their pictures in docs/img
	@SCREENSHOTS=docs/img $(PYTEST) tests/browser -m "browser and not chaos"

chaos: venv-dev class-archive ## Put every fault into a real stack (an hour; ONLY=f04 for some; MINUTES=10 SEED=7 at random)
ifdef MINUTES
	@$(BIN)/python benchmarks/storm.py --minutes $(MINUTES) --seed $(or $(SEED),7)
else
	@CHAOS_REPORT=$(CHAOS_REPORT) $(PYTEST) -m chaos $(if $(ONLY),-k $(ONLY))
endif

mutants: venv-dev install ## Plant named bugs in the code and show the test that catches each
	@$(BIN)/python benchmarks/mutants.py $(if $(ONLY),--only $(ONLY)) $(value ARGS)

bench: venv-dev class-archive ## Run the benchmark (10 minutes at 5,000 events a second)
	@$(BIN)/python benchmarks/run.py $(value ARGS)

bench-generator: venv-dev install ## Measure how fast one generator process publishes
	@$(BIN)/python benchmarks/generator.py

bench-api: venv-dev class-archive ## Measure how many posts a second the API takes beside the stream
	@$(BIN)/python benchmarks/api.py $(value ARGS)

bench-guard: venv-dev class-archive ## Fail where a batch costs more than its share of the usual design of one plain MERGE (five minutes)
	@$(BIN)/python benchmarks/batches.py --gold 1000000 --sizes 10000 100000 --batches 5 \
	  --most-of-plain $(GUARD) --report benchmarks/reports/guard.json

bench-batches: venv-dev class-archive ## Measure a warm batch as Gold grows, beside the usual design of one plain MERGE
	@$(BIN)/python benchmarks/batches.py $(value ARGS)

bench-drain: venv-dev class-archive ## Compare the cost of an event with another checkout: ARGS="--before ../before"
	@$(BIN)/python benchmarks/drain.py $(value ARGS)

bench-replay: venv-dev class-archive ## Measure how fast Gold is built again from Bronze, and its hashes
	@$(BIN)/python benchmarks/replay.py $(value ARGS)

bench-verify: venv-dev class-archive ## Measure how fast `adlake verify` proves a million deliveries, and what changed
	@$(BIN)/python benchmarks/verify.py $(value ARGS)

bench-dashboards: venv-dev install ## Measure the questions of the dashboard's pages on 20 million rows of Gold
	@$(BIN)/python benchmarks/dashboards.py $(value ARGS)

bench-viewers: venv-dev install ## Measure first paint and memory of the dashboard with 1, 5 and 20 viewers
	@$(BIN)/python benchmarks/viewers.py $(value ARGS)

bench-session-start: venv-dev class-archive ## Measure what Spark's class archive saves a session (10 minutes)
	@$(BIN)/python benchmarks/session_start.py

bench-alerts: venv-dev class-archive ## Measure builds of the alert log in lakes of 2, 10 and 30 days
	@$(BIN)/python benchmarks/alerts.py $(value ARGS)

bench-overspend: venv-dev ## Measure what advertisers spend too much on a day, behind an ad server that obeys
	@$(BIN)/python benchmarks/overspend.py $(value ARGS)

bench-business: venv-dev install class-archive ## Measure batches of business events, steps of budgets, and how soon a customer is a row
	@$(BIN)/python benchmarks/business.py $(value ARGS)

bench-peers: venv-dev class-archive ## Measure adlake beside Delta, DuckLake, ClickHouse and a plain MERGE (ARGS="--events 20000 --rounds 1 --preload 50000")
	@$(BIN)/python benchmarks/peers/run.py $(value ARGS)

bench-cost: venv-dev class-archive ## Measure memory, processor and disk of each service at the default traffic (ARGS="--minutes 10")
	@$(BIN)/python benchmarks/cost.py $(value ARGS)

wheel: venv-dev ## Build the package of pip (dist/): `adlake` against servers that run already
	@$(BIN)/python -I tools/wheel.py

lock: venv-dev ## Resolve the Python packages again within infra/versions.env
	@$(BIN)/python -I tools/lock.py

lock-jars: venv ## Fetch the jars of infra/versions.env and record their checksums
	@$(BIN)/python -I tools/lock_jars.py
