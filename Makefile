# What a contributor runs. `make` alone lists it.

CARGO ?= cargo
.DEFAULT_GOAL := help

.PHONY: help demo test soak lint build fmt picture bench check-redis

help: ## What there is
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST)

demo: check-redis ## Everything on a private Redis: service, worker, simulated city, console
	$(CARGO) run --release --locked --quiet -- demo $(ARGS)

test: check-redis ## All tests, against private Redis servers
	$(CARGO) test --locked

soak: check-redis ## Shifts in minutes behind a failing wire: does anything grow or drift? CABSTAND_SOAK=30m says for how long
	$(CARGO) test --release --locked --test soak -- --ignored --nocapture

lint: ## Format, lints and documentation, with warnings as errors
	$(CARGO) fmt --check
	$(CARGO) clippy --locked --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --locked --no-deps --document-private-items

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

fmt: ## Format the code
	$(CARGO) fmt

check-redis: ## Install redis-server or valkey-server where there is none
	@scripts/ensure-redis
