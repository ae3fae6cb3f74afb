# What a contributor runs. `make` alone lists it.

CARGO ?= cargo
.DEFAULT_GOAL := help

# How long `make fuzz` stays with each target, and with which of them.
FUZZ_SECONDS ?= 60
FUZZ_TARGETS ?= $(notdir $(wildcard fuzz/corpus/*))
BUILT := $(or $(CARGO_TARGET_DIR),$(CURDIR)/target)
# Fuzzing builds for speed, but quickly, and keeps the names of functions.
GUIDED := CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_STRIP=none CARGO_PROFILE_RELEASE_DEBUG=line-tables-only \
	$(CARGO) fuzz run guided --features libfuzzer --sanitizer none --target-dir $(BUILT)/fuzz

.PHONY: help demo test soak lint advisories build fmt fuzz fuzz-keep picture bench check-redis

help: ## What there is
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST)

demo: check-redis ## Everything on a private Redis: service, worker, simulated city, console
	$(CARGO) run --release --locked --quiet -- demo $(ARGS)

test: check-redis ## All tests, against private Redis servers, and a brief fuzzing
	@scripts/test

soak: check-redis ## Shifts in minutes behind a failing wire: does anything grow or drift? CABSTAND_SOAK=30m says for how long
	$(CARGO) test --release --locked --test it -- --ignored --nocapture soak::

lint: ## Format, lints, documentation and licences, with warnings as errors
	$(CARGO) fmt --all --check
	$(CARGO) clippy --locked --workspace --all-targets -- -D warnings
	$(CARGO) clippy --locked -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --locked --no-deps --document-private-items
	@if $(CARGO) deny --version >/dev/null 2>&1; then \
		set -x; $(CARGO) deny --locked check --hide-inclusion-graph bans licenses sources; \
	else \
		echo 'licences, bans and sources were not looked at: cargo install cargo-deny --locked'; \
	fi

advisories: ## Whether anything is known against what we depend on; asks the network
	$(CARGO) deny --locked check advisories

build: ## The program, in target/release
	$(CARGO) build --release --locked

picture: check-redis ## Draw the pictures of the README anew
	$(CARGO) run --release --locked --quiet -- demo --headless --duration 45s --ttl 40s --warn-left 10s \
		--speed 4 --arrivals 15 --pictures assets

bench: check-redis ## Measure everything; ROWS=1,5 measures these rows of the table of marks alone
ifndef ROWS
	$(CARGO) bench --locked --bench nearest --bench fleet --bench frame
endif
	$(CARGO) bench --locked --bench marks -- $(ROWS)

fuzz: ## Look for inputs that break something, FUZZ_SECONDS=60 for each target; FUZZ_TARGETS=console for one
	@$(CARGO) fuzz --version >/dev/null 2>&1 || { echo 'this takes cargo-fuzz: cargo install cargo-fuzz --locked'; exit 1; }
	@broken=; for target in $(FUZZ_TARGETS); do \
		mkdir -p $(BUILT)/fuzz/found/$$target fuzz/crashes/$$target fuzz/artifacts/$$target; \
		(set -x; CABSTAND_TARGET=$$target $(GUIDED) \
			$(BUILT)/fuzz/found/$$target fuzz/corpus/$$target fuzz/crashes/$$target -- -artifact_prefix=fuzz/artifacts/$$target/ \
			-max_total_time=$(FUZZ_SECONDS) -timeout=10 -max_len=2048 -print_final_stats=1) || broken="$$broken $$target"; \
	done; [ -z "$$broken" ] || { echo "broken, see fuzz/artifacts:$$broken"; exit 1; }

fuzz-keep: ## Keep of what was found the inputs that reach what the corpus does not
	@for target in $(FUZZ_TARGETS); do \
		CABSTAND_TARGET=$$target $(GUIDED) fuzz/corpus/$$target $(BUILT)/fuzz/found/$$target -- -merge=1 || exit 1; \
	done

fmt: ## Format the code
	$(CARGO) fmt --all

check-redis: ## Install redis-server or valkey-server where there is none
	@scripts/ensure-redis
