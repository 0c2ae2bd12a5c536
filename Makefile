# `make run` is all it takes on a fresh Debian 12 or Raspberry Pi OS (64 bit); `make` lists the rest.
# The order of steps matters (packages, environment, model), so `make -j` changes nothing.

PYTHON ?= python3
ARGS ?=
MACHINE := $(if $(filter aarch64,$(shell uname -m)),arm64,amd64)
ARCH ?= $(MACHINE)

BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
PACKAGES := PYTHON='$(PYTHON)' sh deploy/debian/packages.sh

# The stamps carry the version of Python: after an upgrade of the system the environment is made anew.
PYTHON_VERSION := $(shell $(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)
RUN_READY := .venv/ready-run-$(PYTHON_VERSION)
DEV_READY := .venv/ready-dev-$(PYTHON_VERSION)
BENCH_READY := .venv/ready-bench-$(PYTHON_VERSION)

LOCKED := install --require-hashes --only-binary :all:
SHELL_SCRIPTS := .ci/run docker/build.sh deploy/compose/setup.sh deploy/debian/packages.sh deploy/debian/service.sh \
	deploy/debian/package.sh $(addprefix deploy/debian/package/,preinst postinst prerm postrm)

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help run bench test lint chaos day ears fuzz setup setup-dev setup-bench bundle images test-images deb \
	test-service test-system install uninstall install-user uninstall-user lock clean

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | while IFS='	' read -r name text; do printf '  make %-12s %s\n' "$$name" "$$text"; done

run: setup bundle ## try it here and now: a microphone in (or a stand-in), words out (ARGS="--once", "--file my.wav")
	@$(BIN)/edge-asr demo $(ARGS)

bench: setup-bench bundle ## measure this machine (ARGS="accuracy --speech DIR", "idle --minutes 10"; without: latency)
	@$(BIN)/edge-asr bench $(or $(strip $(ARGS)),latency)

test: setup-dev bundle lint ## lint, types, import law and all tests, with a real broker and a real PulseAudio
	$(BIN)/pytest $(ARGS)

lint: setup-dev ## ruff, mypy, import law, shell scripts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	shellcheck $(SHELL_SCRIPTS)

chaos: setup-dev ## 200 faults against a real daemon and broker while it talks (ARGS="--seed 3"; root adds a full disk)
	@$(BIN)/python -m tests.chaos $(ARGS)

ears: setup-dev ## 120 faults of a real microphone on PulseAudio and PipeWire (ARGS="--seed 3")
	@$(BIN)/python -m tests.ears $(ARGS)

day: setup-dev bundle ## six hours of a house at full speed, with mishaps (ARGS="--speech FOLDER --seed 3")
	@$(BIN)/python -m tests.day $(ARGS)

fuzz: setup-dev ## a million commands of every kind (ARGS="--seed 3")
	@$(BIN)/python -m tests.fuzz $(ARGS)

setup: ## Debian packages and .venv, without running anything
	@$(PACKAGES) run
	@$(MAKE) --no-print-directory environment-run

setup-dev: ## the same with all that the tests need
	@$(PACKAGES) test
	@$(MAKE) --no-print-directory environment-dev

setup-bench: setup ## the peer and the normalizer that `edge-asr bench` measures beside
	@$(MAKE) --no-print-directory environment-bench

bundle: ## fetch the English model (once)
	@$(BIN)/edge-asr models pull en

images: ## container images for x86 and ARM, with buildah or docker (IMAGE=..., BUNDLES=en bakes the model in)
	@sh docker/build.sh
	@sh docker/build.sh models

test-images: setup-dev bundle ## those images as they are used: microphone, broker, health, hardening (needs podman, root)
	@EDGE_ASR_IMAGE=$(or $(IMAGE),localhost/edge-asr) $(BIN)/pytest tests/system/images $(ARGS)

deb: ## a Debian package of this checkout, into build/ (ARCH=arm64 for a Raspberry Pi, from any machine)
	@$(PACKAGES) install
	@$(MAKE) --no-print-directory environment-run
	@PYTHON=$(BIN)/python sh deploy/debian/package.sh $(ARCH) build

test-service: setup-dev bundle ## that package in a container that boots: install, mishaps, upgrade, purge (needs root, podman)
	@PYTHON=$(BIN)/python COMPRESSION=none sh deploy/debian/package.sh $(MACHINE) build/test
	@EDGE_ASR_DEB=$$(ls -t build/test/edge-asr_*_$(MACHINE).deb | head -n 1) $(BIN)/pytest tests/system/service $(ARGS)

test-system: lint ## units, package and images as they are deployed: static checks, then each in a container (needs root)
	$(BIN)/pytest tests/test_service.py tests/docker tests/deploy/test_package.py tests/deploy/test_prometheus.py
	@$(MAKE) --no-print-directory test-service
	@$(MAKE) --no-print-directory images test-images

install: ## for good: a service that runs now and after every boot; again is an upgrade (sudo make install)
	@PYTHON='$(PYTHON)' sh deploy/debian/service.sh install

uninstall: ## the service and its program off again; settings and models stay (but PURGE=1)
	@PURGE='$(PURGE)' sh deploy/debian/service.sh uninstall

install-user: ## the same in your own session, with your own PipeWire or PulseAudio, without root
	@PYTHON='$(PYTHON)' sh deploy/debian/service.sh install-user

uninstall-user: ## that off again
	@sh deploy/debian/service.sh uninstall-user

lock: ## resolve the Python packages anew (needs uv; ARGS=--upgrade for newer ones)
	$(BUILD_REQUIRES) | $(COMPILE) --extra export -o locks/run.txt pyproject.toml -
	$(COMPILE) -c locks/run.txt -o locks/daemon.txt pyproject.toml
	$(BUILD_REQUIRES) | $(COMPILE) --extra export --extra dev -c locks/run.txt -o locks/dev.txt pyproject.toml -
	$(BUILD_REQUIRES) | $(COMPILE) --extra export --extra bench -c locks/run.txt -o locks/bench.txt pyproject.toml -

clean: ## remove .venv and all caches of this folder; models and Debian packages stay
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build *.egg-info
	find edge_asr models tests -name __pycache__ -type d -prune -exec rm -rf {} +

# A make of its own, because the version of Python is known only after the packages are there.
.PHONY: environment-run environment-dev environment-bench
environment-run: $(RUN_READY) ; @:
environment-dev: $(DEV_READY) ; @:
environment-bench: $(BENCH_READY) ; @:

# Index, mirrors, proxies and certificates are the user's own pip configuration.
$(RUN_READY): locks/run.txt pyproject.toml
	$(PYTHON) -m venv .venv
	$(PIP) $(LOCKED) -r locks/run.txt
	$(PIP) install --no-deps --no-index --no-build-isolation --editable .
	@touch $@

$(DEV_READY): locks/dev.txt $(RUN_READY)
	$(PIP) $(LOCKED) -r locks/dev.txt
	@touch $@

# srt, which the peer needs, is published as source only; setuptools is there from the first lock file.
$(BENCH_READY): locks/bench.txt $(RUN_READY)
	$(PIP) $(LOCKED) --no-binary srt --no-build-isolation -r locks/bench.txt
	@touch $@

# The project itself is built with a locked setuptools too, so that no step fetches anything without a hash.
BUILD_REQUIRES = $(PYTHON) -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["build-system"]["requires"], sep="\n")'
COMPILE = uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-emit-index-url --custom-compile-command 'make lock' $(ARGS)
