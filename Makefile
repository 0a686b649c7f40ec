# make demo shows the whole idea, make test runs the tests; both need Go and a C
# compiler and nothing else. Tests against real Cyrus servers and another solver
# need make deps.
SHELL       := /bin/bash
GO          ?= go
GOFUMPT     := mvdan.cc/gofumpt@v0.12.0
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
FUZZTIME    ?= 30s
# More stories at once than there are processors: programs with the race detector sleep for
# a second before they end.
SLEEPERS    := $(shell expr 4 \* $$(getconf _NPROCESSORS_ONLN))
# Long stories whose goroutines others have too: without the race detector only.
ALONE       := Story/(bench_layout|bench_others|demo_fleet|layout_objective|layout_frontier|layout_narrow|layout_servers|simulate_plot|simulate_years_rare)$$
DEMO        := fleet interlace.db interlace.db-wal interlace.db-shm plan.json users.json moves.json

.PHONY: help build test check lint demo demo-live bench fuzz soak golden deps compiler
help:
	@sed -n 's/^\([a-z-]*\):[^#]*# /make \1	/p' Makefile | expand -t 20

build: compiler           # bin/interlace
	@$(GO) build -o bin/interlace ./cmd/interlace

compiler:
	@command -v $$($(GO) env CC) >/dev/null || { echo "interlace needs a C compiler, for SQLite: install gcc or clang (Debian: apt-get install gcc libc6-dev)" >&2; exit 2; }

test: compiler            # every test that can run here; says what it skips
	@.ci/test -timeout 20m $$($(GO) list ./... | grep -v '/cmd/interlace$$')
	@.ci/test -timeout 20m ./cmd/interlace # by itself: its many servers would keep the others' waiting

check: compiler lint      # what a change must pass
	$(GO) test -race ./inventory/... ./fixtures/... ./monitor/logs ./monitor/watch
	$(GO) test -race -parallel $(SLEEPERS) -run 'Story|Discover|Interrupted' -skip '$(ALONE)' ./cmd/interlace
	@$(MAKE) --no-print-directory test

lint:
	@unformatted=$$($(GO) run $(GOFUMPT) -l .); [ -z "$$unformatted" ] || { echo "not formatted by gofumpt: $$unformatted" >&2; exit 1; }
	$(GO) vet ./...
	$(GO) run $(STATICCHECK) ./...
	$(GO) mod tidy -diff

demo: build               # a made-up fleet, from its broken rules to a plan
	@demo() { printf '\n\n=== %s\n$$ interlace %s\n\n' "$$1" "$${*:2}"; ../bin/interlace "$${@:2}" || [ $$? -eq 1 ]; }; \
	mkdir -p demo && cd demo && rm -rf $(DEMO) && \
	demo "A fleet after some years of placing mail stores by hand" demo fleet && \
	demo "Into the database" import fleet/fleet.yaml && \
	demo "Which rules it breaks" check && \
	demo "What happens when a server or a rack fails" simulate --top 5 && \
	demo "A better place for every master and replica" layout --plan plan.json && \
	demo "A better store for some users, when that is done" users --after plan.json --plan users.json && \
	demo "The way there, wave by wave" moves plan.json users.json --plan moves.json && \
	demo "The same failures afterwards" simulate --after plan.json --after users.json --top 5 && \
	demo "What one rack takes with it then" simulate --after plan.json --after users.json --fail rack:a4 --top 5 && \
	printf '%s\n' '' '' '=== Now you: cd demo, then' \
	'../bin/interlace show plan moves.json              what moves when' \
	'../bin/interlace layout --drain server:imap01      the same plan, and imap01 empty' \
	'../bin/interlace show groups                       who shares folders with whom' \
	'../bin/interlace help                              everything else' \
	'' 'make demo writes its own files anew: $(strip $(DEMO))'

demo-live: build          # the same on real Cyrus servers, started here and stopped again
	@$(GO) build -o bin/cyrusrig ./cmd/cyrusrig && bin/cyrusrig --demo bin/interlace

bench:                    # Go benchmarks, for profiles; interlace bench measures quality
	$(GO) test -run '^$$' -bench . -benchmem ./...

fuzz:                     # every fuzz test for FUZZTIME
	@grep -rl --include='*_test.go' '^func Fuzz' . | xargs -n1 dirname | sort -u | while read -r dir; do \
	  grep -ho '^func Fuzz[A-Za-z0-9_]*' $$dir/*_test.go | cut -d' ' -f2 | while read -r name; do \
	    echo "$$dir $$name" && $(GO) test -run '^$$' -fuzz "^$$name$$" -fuzztime $(FUZZTIME) $$dir || exit 1; done || exit 1; done

soak:                     # the large and the long tests
	INTERLACE_SOAK=1 $(GO) test -timeout 2h ./...

golden:                   # writes what the tests found into the golden files
	$(GO) test $$(grep -rl --include='*_test.go' 'flag.Bool("update"' . | xargs -n1 dirname | sort -u) -update

deps:                     # Debian's Cyrus and what else tests need, with nothing started
	@sh fixtures/cyrustest/install.sh
