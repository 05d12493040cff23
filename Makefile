# The commands of the project. People, scripts and CI call these and nothing below them.
SHELL := /bin/bash
.DEFAULT_GOAL := help
# Empty: the stack that STACK_FILE is named after (Pulumi.<stack>.yaml), otherwise dev.
STACK ?=
PLATFORM ?= swarm
PYTHON := .venv/bin/python
# A relative STACK_FILE is meant from where make was called, also with `make -C`.
CALLED_FROM := $(PWD)
export CALLED_FROM ENGINE HOST STACK_FILE REQUIRE_LIVE

.PHONY: help
help: ## Show the commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

.PHONY: setup
setup: ## Make .venv with the pinned requirements
	@scripts/setup

.PHONY: up
up: setup ## Deploy STACK (default: dev, on throw-away hosts) and show it answering
	@$(PYTHON) -m cli up "$(STACK)"

.PHONY: preview
preview: setup ## Show what `up` would change; with STACK_FILE=path/Pulumi.x.yaml: of the stack x in that file
	@$(PYTHON) -m cli preview "$(STACK)"

.PHONY: report
report: setup ## What the working tree does to the stacks, against the commit BASE: make report BASE=main (STACK=prod, DRIFT=1)
	@$(PYTHON) -m report --base "$(BASE)" $(if $(filter-out 0 no,$(DRIFT)),--drift) $(STACK)

.PHONY: picture
picture: setup ## A stack as a picture in Mermaid, or in SVG: make -s picture STACK=prod FORMAT=svg > prod.svg
	@$(PYTHON) -m report.picture "Pulumi.$(if $(STACK),$(STACK),dev).yaml" "$(FORMAT)"

.PHONY: down
down: setup ## Remove STACK and the sandbox hosts it ran on; says what it keeps
	@$(PYTHON) -m cli down "$(STACK)"

.PHONY: status
status: setup ## Show the components of STACK, and what is not ready or not as the stack wants it
	@$(PYTHON) -m cli status "$(STACK)"

.PHONY: drift
drift: setup ## Show what was changed by hand since the last update of STACK; exit 2 when something was
	@$(PYTHON) -m cli drift "$(STACK)"

.PHONY: logs
logs: setup ## Recent lines of a component: make logs APP=web (FOLLOW=1, SINCE=10m)
	@$(PYTHON) -m cli logs "$(STACK)" "$(APP)" $(if $(filter-out 0 no,$(FOLLOW)),--follow) --since "$(SINCE)"

.PHONY: restart
restart: setup ## Restart a component, one replica after another: make restart APP=web
	@$(PYTHON) -m cli restart "$(STACK)" "$(APP)"

.PHONY: scale
scale: setup ## Set the replicas of an application by hand, for a time: make scale APP=web TO=6 FOR=1h (FOR=0 ends it)
	@$(PYTHON) -m cli scale "$(STACK)" "$(APP)" "$(TO)" "$(FOR)"

.PHONY: switchover
switchover: setup ## Let another member of a database lead: make switchover DB=main (TO=main-pg-1)
	@$(PYTHON) -m cli switchover "$(STACK)" "$(DB)" "$(TO)"

.PHONY: alert-test
alert-test: setup ## Send one alert through STACK's Alertmanager, and say who hears of it (SEVERITY=warning COMPONENT=main)
	@$(PYTHON) -m cli alert-test "$(STACK)" "$(SEVERITY)" "$(COMPONENT)"

.PHONY: backup
backup: setup ## Take a backup of a store now: make backup DB=main (FULL=1), or CACHE=sessions, BROKER=tasks
	@$(PYTHON) -m cli backup "$(STACK)" "$(DB)" --cache "$(CACHE)" --broker "$(BROKER)" $(if $(filter-out 0 no,$(FULL)),--full)

.PHONY: backups
backups: setup ## Show the backups of all stores (of one: DB=main, CACHE=sessions or BROKER=tasks)
	@$(PYTHON) -m cli backups "$(STACK)" "$(DB)" --cache "$(CACHE)" --broker "$(BROKER)"

.PHONY: restore
restore: setup ## Bring a store back: make restore DB=main TO='2026-01-31 10:12' OVERWRITE=main, or CACHE=sessions TO=latest, or DB=main DUMP=latest INTO=before
	@$(PYTHON) -m cli restore "$(STACK)" "$(DB)" "$(TO)" --cache "$(CACHE)" --broker "$(BROKER)" --timeline "$(TIMELINE)" --overwrite "$(OVERWRITE)" --dump "$(DUMP)" --of "$(FROM)" --into "$(INTO)"

.PHONY: verify-images
verify-images: setup ## Pull the images that STACK pins, and check that they run as their pins say (Docker: DOCKER_HOST)
	@$(PYTHON) -m cli verify-images "$(STACK)"

.PHONY: secret
secret: setup ## Give a secret: make secret STACK=dev KEY=openai_api_key (the value is read from standard input)
	@$(PYTHON) -m cli secret "$(STACK)" "$(KEY)"

.PHONY: take-over
take-over: setup ## Move the state of STACK to another engine; nothing that runs changes: make take-over ENGINE=pulumi
	@$(PYTHON) -m cli take-over "$(STACK)"

.PHONY: env
env: ## Print the variables with which plain `pulumi` works on STACK: eval "$(make -s env STACK=mine)"
	@scripts/setup >&2
	@$(PYTHON) -m cli env "$(STACK)"

.PHONY: check
check: setup ## Offline checks: format, lint, types, unit tests, goldens, parity, policies
	@scripts/check

.PHONY: test
test: setup ## Offline checks, and the development stack live on one sandbox host; says what it leaves to test-all
	@scripts/test main

.PHONY: test-all
test-all: test ## The same, then the rest: more hosts, Kubernetes, faults under load
	@scripts/test rest

.PHONY: drill
drill: setup ## Break a stack on throw-away hosts, beside what is promised: make drill PLATFORM=swarm (ONLY=proxy-killed RUNS=3 SETTING=fast|stock)
	@$(PYTHON) -m drills run "$(PLATFORM)" --only "$(ONLY)" --runs "$(RUNS)" --setting "$(SETTING)"

.PHONY: bench
bench: setup ## What program and sandbox engine cost; writes out/bench.json (FRESH=1: `make up` with empty caches, too)
	@$(PYTHON) -m benchmarks
	@$(if $(filter-out 0 no,$(FRESH)),$(PYTHON) -m benchmarks fresh)

.PHONY: golden
golden: setup ## Write the rendered stacks and generated files again, for review
	@$(PYTHON) -m tests.goldens.write

.PHONY: reference
reference: setup ## Record what the real Pulumi CLI registers and stores (needs it on PATH, DOCKER_HOST and KUBECONFIG)
	@$(PYTHON) -m tests.conformance.record

.PHONY: pulumi
pulumi: setup ## Build the Pulumi CLI from its Go module, where PATH has none as new as the SDK
	@$(PYTHON) -m sandbox.pulumi

.PHONY: schema
schema: setup ## Write the JSON Schema of stack files
	@$(PYTHON) -m composition.schema

.PHONY: release
release: setup ## Make a version of the fragments: make release VERSION=0.2.0
	@$(PYTHON) -m changelog.release "$(VERSION)"

.PHONY: clean
clean: ## Remove what was generated in the tree (not the caches, not the sandbox hosts)
	rm -rf out .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +
