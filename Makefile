# Everything a stranger needs: `make run` and `make test` install what is missing.

.DEFAULT_GOAL := help
.PHONY: help run demo test soak bench bench-long check check-format check-lints check-layers check-protos check-dependencies

tools := $(CURDIR)/target/tools
export PATH := $(tools)/bin:$(tools)/node_modules/.bin:$(PATH)

## help: show this
help:
	@sed -n 's/^## /make /p' Makefile

## run: start Handoff with a private Postgres and NATS (Ctrl-C stops all of it)
run:
	@scripts/install-dependencies.sh
	cargo build --release --locked --workspace --bins
	@exec $${CARGO_TARGET_DIR:-target}/release/handoffd up

## demo: start Handoff, do a day's work with it at the command line, stop it
demo:
	@scripts/install-dependencies.sh
	@scripts/demo.sh

## test: run all tests, with real servers that they start and stop themselves
test:
	@scripts/install-dependencies.sh
	@if cargo nextest --version >/dev/null 2>&1; then \
		set -x; cargo nextest run --workspace --locked; \
	else \
		set -x; cargo test --workspace --locked; \
	fi
	@if [ -x tests/python/run.sh ]; then set -x; tests/python/run.sh; fi

## soak: kill, freeze and cut off everything for up to an hour (SEED=…, CYCLES=500, MINUTES=55)
soak:
	@scripts/install-dependencies.sh
	@if cargo nextest --version >/dev/null 2>&1; then \
		set -x; cargo nextest run --workspace --locked --test faults --profile soak --run-ignored only --no-capture; \
	else \
		set -x; cargo test --workspace --locked --test faults -- --ignored --nocapture --test-threads 1; \
	fi

## bench: measure rates, latencies, rebuilds, memory and more (ARGS='--only start' and others)
bench:
	@scripts/install-dependencies.sh
	@scripts/bench.sh $(ARGS)

## bench-long: the same for longer, and on logs of millions of events (an hour or more, 15 GB of disk)
bench-long:
	@scripts/install-dependencies.sh
	@scripts/bench.sh --long $(ARGS)

## check: formatting, lints, order of the crates, API definitions, dependencies
check: check-format check-lints check-layers check-protos check-dependencies

check-format:
	cargo fmt --all --check

check-lints:
	cargo clippy --workspace --all-targets --locked -- -D warnings

check-layers:
	scripts/check-layers.sh

check-protos:
	@scripts/install-check-tools.sh
	buf lint

# Advisories come from a database on the network; without it the other checks still count.
check-dependencies:
	@scripts/install-check-tools.sh
	cargo deny --locked check bans licenses sources
	@if cargo deny --locked fetch db >/dev/null 2>&1; then \
		set -x; cargo deny --locked check --disable-fetch advisories; \
	else \
		echo "The advisory database cannot be reached: advisories were not checked"; \
	fi
