# Two commands: `make demo` and `make test`. Needs Python 3.11 to 3.14 with pip and venv, make and git.
PYTHON ?= python3
BIN := .venv/bin
UV := $(BIN)/uv
# One word of the shell, whatever is in it.
quoted = '$(subst ','\'',$(1))'
PORT_OPTION := $(if $(PORT),--port $(PORT))
IMAGES_OPTION := $(if $(IMAGES),--images $(call quoted,$(IMAGES)))
DATA_OPTION := $(if $(DATA),--data $(call quoted,$(DATA)))
# npm, uv, the CDK, Keras and Matplotlib write caches into the home folder: where that is not possible, into build/.
export HOME := $(shell if [ -w "$$HOME" ]; then printf %s "$$HOME"; else mkdir -p build/home && printf %s "$$PWD/build/home"; fi)
# Compiled files make the first import quick, which the demo's 90 seconds count.
INSTALL = $(UV) pip install --quiet --python $(BIN)/python --require-hashes --compile-bytecode -r

PARALLEL := -n auto --dist loadgroup
# Tests of the local cloud wait half of the time: three share two cores.
INTEGRATION := -n 3 --dist loadgroup --no-loadscope-reorder

.PHONY: help demo up check test test-slow test-hostile lint lock down clean models machines benchmark-training benchmark-serving \
        benchmark-cold-start benchmark-api benchmark-review

help: ## Say what there is
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

demo: up ## Bring everything up and route pictures (IMAGES=folder for your own, PORT=4570 for another port)
	@$(BIN)/signpost demo $(IMAGES_OPTION)

up: .venv/demo ## Start the local cloud and deploy every stack
	@$(BIN)/signpost up $(PORT_OPTION)

check: .venv/training .venv/test lint ## Run lint, types and unit tests
	@$(BIN)/pytest tests/unit $(PARALLEL)

test: .venv/training .venv/test lint ## Run lint, types and all tests but the slow ones
	@$(BIN)/pytest tests/unit $(PARALLEL) --cov --durations=20
	@$(BIN)/pytest --ignore tests/unit $(INTEGRATION) --durations=20

test-slow: .venv/training .venv/test ## Run the tests that take minutes
	@$(BIN)/pytest -m slow $(INTEGRATION) --timeout 1200 --durations=20

test-hostile: .venv/training .venv/test ## Run the unit tests with everything set against them, as root and as another user
	@.ci/hostile

models: .venv/training ## Train models/vehicle and models/dog-breed anew (half an hour; DATA=folder of the archives)
	@for recipe in vehicle dog-breed; do $(BIN)/python -m training $$recipe $(DATA_OPTION) || exit; done

benchmark-training: .venv/training ## Train and measure for docs/results.md (DATA=folder of the archives, WHAT=recipe)
	@$(BIN)/python -m training.benchmark $(WHAT) $(DATA_OPTION)

benchmark-serving: .venv/training ## Measure the model server beside others for docs/serving-benchmark.md (QUICK=1 to try it out)
	@$(BIN)/python -m serving.benchmark $(if $(QUICK),--quick)

benchmark-cold-start: .venv/demo ## Measure how quickly functions start for docs/cold-start.md (QUICK=1 to try it out)
	@$(BIN)/python -m localcloud.cold_start $(if $(QUICK),--quick)

benchmark-api: .venv/demo ## Measure the API's own code on the running app for docs/api.md
	@$(BIN)/python -m tests.benchmark_api

benchmark-review: .venv/training .venv/test ## Measure the review page with 100,000 records for docs/review.md
	@$(BIN)/python -m review.benchmark

lint: .venv/test
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/pyright --warnings
	@$(BIN)/hadolint serving/Dockerfile training/Dockerfile

down: ## Stop everything
	@if [ -x $(BIN)/signpost ]; then $(BIN)/signpost down; fi

clean: ## Stop everything and delete all state and everything that was built
	@if [ -x $(BIN)/signpost ]; then $(BIN)/signpost down --clean; fi
	@rm -rf .signpost build cdk.out

machines: .venv/demo ## Write the state machines' *.asl.json after a change
	@$(BIN)/python -m stepfunctions

lock: .venv/uv ## Lock new dependencies into requirements/ (UPGRADE=1 for the newest version of each)
	@$(BIN)/python requirements/lock.py $(if $(UPGRADE),--upgrade)

.venv/uv:
	@echo "Making a virtual environment in .venv …"
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' || \
	  { echo "Python 3.11 to 3.14 is needed; name one: make PYTHON=python3.12 …"; exit 1; }
	@$(PYTHON) -m venv .venv
	@$(BIN)/pip --disable-pip-version-check --quiet install --require-hashes -r requirements/uv.txt
	@touch $@

.venv/demo: requirements/demo.txt pyproject.toml | .venv/uv
	@echo "Installing the locked dependencies …"
	@$(INSTALL) requirements/demo.txt
	@$(UV) pip install --quiet --python $(BIN)/python --no-deps --editable .
	@touch $@

.venv/test: requirements/test.txt tests/judges/package-lock.json | .venv/demo
	@echo "Installing what the tests need …"
	@$(INSTALL) requirements/test.txt
	@PATH="$(CURDIR)/$(BIN):$$PATH" npm ci --prefix tests/judges --silent --no-audit --no-fund
	@touch $@

.venv/training: requirements/training.txt | .venv/demo
	@$(BIN)/python -c 'import sys; sys.exit(sys.version_info >= (3, 14))' || \
	  { echo "TensorFlow needs Python 3.11 to 3.13: rm -r .venv, then make PYTHON=python3.13 …"; exit 1; }
	@echo "Installing TensorFlow …"
	@$(INSTALL) requirements/training.txt
	@touch $@
