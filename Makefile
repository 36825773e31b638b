# Shardeck needs Go and make; everything else is downloaded by the first build.
# `make help` lists the targets.

GO    ?= go
BIN   := bin
TOOLS := .ci/tools/go.mod

# The race detector requires cgo, and cgo a C compiler; Go disables cgo if there is
# none. The tests then run without the race detector, and say so.
ifeq ($(shell $(GO) env CGO_ENABLED),1)
RACE := -race
endif

# Where our Go code is; other folders may contain data.
GO_DIRS := master shared tui worker .ci

FUZZTIME ?= 1m

# Builds what demo and tour run, and counts the packages on the way: the first time takes a minute or
# two. The last line of the pipeline's first half is the exit code, which a pipe would lose.
BUILDING = @mkdir -p $(BIN); { $(GO) build -v -o $(BIN)/shardeck ./tui 2>&1; echo "exit $$?"; } | awk -v terminal="$$([ -t 2 ] && echo 1)" -f .ci/progress.awk

.DEFAULT_GOAL := help
.PHONY: help demo demo-polyglot tour build polyglot polyglot-dev sqliteext quick test test-long check fmt fmt-check vet lint arch languages race release bench picture clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: ## start a cluster with sample data and open the console on it
	$(BUILDING)
	@$(BIN)/shardeck demo

demo-polyglot: ## the same with one worker in Go, one in Python and one in Node.js; installs their packages the first time
	$(BUILDING)
	@$(BIN)/shardeck demo --polyglot

tour: ## the same without a terminal, as a guided tour in text
	$(BUILDING)
	@$(BIN)/shardeck demo --headless

build: ## build the three programs into bin/
	@mkdir -p $(BIN)
	$(GO) build -o $(BIN)/shardeck ./tui
	$(GO) build -o $(BIN)/shardeck-master ./master
	$(GO) build -o $(BIN)/shardeck-worker ./worker

polyglot: ## set up the workers in Python and Node.js; requires a C compiler, Python 3.11 and Node.js
	@$(GO) run ./shared/polyglot/setup

polyglot-dev: ## the same with their linters and tests, which languages and test run
	@$(GO) run ./shared/polyglot/setup -dev

sqliteext: ## build the T-SQL functions as a SQLite extension into bin/; requires a C compiler
	@$(GO) run ./shared/polyglot/setup -extension

# Whether the SQLite extension can be built here, and the flags for SQLite's headers.
CAN_EXTEND := command -v cc >/dev/null
SQLITE_HEADERS = $(shell $(GO) mod download -modfile=$(TOOLS) github.com/mattn/go-sqlite3 && $(GO) list -modfile=$(TOOLS) -m -f '-I{{.Dir}}' github.com/mattn/go-sqlite3)

# The packages whose tests start the real programs, which quick leaves to test; archtest has a target of its own.
PROCESS_TESTS := ^shardeck/(tui|worker|worker/conformance|worker/sqliteext|master/service|shared/(archtest|endtoend|contracttest|testcluster)(/.*)?)$$

# The packages whose tests take minutes come first, so that the others run beside them and none is left for the end.
SLOW := ./worker/conformance ./master/service ./tui ./shared/endtoend/... ./worker/engine/sqlite

quick: fmt-check vet arch ## the checks that need no process: format, vet, architecture, most tests (under a minute)
	@$(GO) test -short $$($(GO) list ./... | grep -vE '$(PROCESS_TESTS)')

test: fmt-check vet lint arch languages race ## what CI runs: format, vet, static analysis, architecture, all tests with the race detector

fmt: ## format the Go files
	gofmt -s -w $(GO_DIRS)

fmt-check:
	@echo "format"
	@bad=$$(gofmt -s -l $(GO_DIRS)); [ -z "$$bad" ] || { echo "not formatted (run make fmt):"; echo "$$bad"; exit 1; }

vet:
	@echo "go vet"
	@$(GO) vet ./...
	@$(CAN_EXTEND) || exit 0; CGO_ENABLED=1 CGO_CFLAGS='$(SQLITE_HEADERS)' $(GO) vet -tags sqliteext ./worker/sqliteext

lint:
	@echo "staticcheck"
	@$(GO) tool -modfile=$(TOOLS) staticcheck ./...
	@$(CAN_EXTEND) || exit 0; CGO_ENABLED=1 CGO_CFLAGS='$(SQLITE_HEADERS)' $(GO) tool -modfile=$(TOOLS) staticcheck -tags sqliteext ./worker/sqliteext

arch:
	@$(GO) test -count=1 ./shared/archtest

languages: ## linters, types and tests of the workers in Python and Node.js, after polyglot-dev
	@echo "Python and Node.js"
	@$(GO) run ./shared/polyglot/setup -check

race:
	@[ -n "$(RACE)" ] || echo "note: cgo is off (no C compiler?), so the tests run without the race detector"
	$(GO) test $(RACE) -timeout 15m $(SLOW) ./...

test-long: ## all tests three times in random order, long end-to-end tests, then every fuzz target for FUZZTIME (1m)
	$(GO) test $(RACE) -count=3 -shuffle=on -timeout 60m ./...
	SHARDECK_LONG=1 $(GO) test $(RACE) -count=1 -timeout 60m ./shared/endtoend/... ./master/lease/... ./master/intent
	@set -e; for pkg in $$($(GO) list ./...); do \
		for target in $$($(GO) test -list '^Fuzz' $$pkg | grep '^Fuzz' || true); do \
			echo "fuzz $$pkg $$target"; \
			$(GO) test -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME) $$pkg; \
		done; \
	done

check: test ## test, and check that the module file is tidy and every platform builds
	$(GO) mod tidy -diff
	$(GO) mod verify
	@set -e; for p in linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64; do \
		echo "build $$p"; CGO_ENABLED=0 GOOS=$${p%/*} GOARCH=$${p#*/} $(GO) build -o /dev/null ./tui; \
		CGO_ENABLED=0 GOOS=$${p%/*} GOARCH=$${p#*/} $(GO) vet ./...; \
	done

release: ## archives of the programs and the SQLite extension for each platform, with SHA-256 checksums, in bin/release; downloads Zig
	.ci/release $(BIN)/release

bench: ## Go benchmarks, then ratios to baselines measured in the same run (minutes)
	$(GO) test -run '^$$' -bench . -benchmem ./...
	$(GO) run ./tui bench

picture: ## the pictures in docs, and the animated one in the README, from the real console in a real pseudo-terminal
	@mkdir -p $(BIN)
	$(GO) build -o $(BIN)/shardeck ./tui
	cd .ci/picture && $(GO) run . -out ../../docs/console.svg -until "10,0" -keys c -- ../../$(BIN)/shardeck demo --theme dark
	cd .ci/picture && $(GO) run . -out ../../docs/query.svg -until "10,0" -keys "$$(printf 'e\033[15~')" -after 3s -- ../../$(BIN)/shardeck demo --theme dark
	cd .ci/picture && $(GO) run . -out ../../docs/screens/ -until "10,0" -script screens.txt -- ../../$(BIN)/shardeck demo --theme dark
	cd .ci/picture && $(GO) run . -out ../../docs/ -film tour.svg -until "10,0" -cols 100 -rows 28 -script film.txt -- ../../$(BIN)/shardeck demo --theme dark

clean: ## remove what was built or installed
	rm -rf $(BIN) worker/python/.venv worker/node/node_modules worker/node/.node
