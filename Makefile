# What developers do daily. Go and a C compiler are all it needs; tools are
# installed by Go into ./bin at the versions named here.

GOLANGCI_LINT_VERSION := v2.15.0
GOVULNCHECK_VERSION   := v1.9.0
BENCHSTAT_VERSION     := latest
BIN := $(CURDIR)/bin

.PHONY: build test race faults lint check bench bench-warehouse accuracy rivals generate fuzz interop demo clean

build:            ## the program, as ./bin/metabench
	go build -o $(BIN)/metabench .

test:             ## all tests
	go test ./...

race:             ## what runs in several goroutines, under the race detector; the warehouse is in faults
	go test -race -short ./scraper/... ./table/... ./score/service
	go test -race -short -run 'Serve|Workers|Cancel' ./cli
	go test -race -short -run 'Workers|Same|Cancel|Context' ./analysis/...

FAULTS := Kill|Torn|Flip|Disk|FileSystem|Process|Lock|Interrupt|Cancel|Signal|Lost|Gone|Hostile|Lake|Writer|Waiting|Upgrad|Reader|Moment|Published|SecondRefresh|Output

faults:           ## kill, signal, tear, flip and fill, ROUNDS times (default 5), under the race detector
	METABENCH_FAULT_ROUNDS=$${ROUNDS:-5} go test -race -short -count=1 -timeout 60m -run '$(FAULTS)' . ./warehouse

lint: $(BIN)/golangci-lint-$(GOLANGCI_LINT_VERSION)
	$< run ./...

$(BIN)/golangci-lint-$(GOLANGCI_LINT_VERSION):
	GOBIN=$(BIN) go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_LINT_VERSION)
	mv $(BIN)/golangci-lint $@

check: lint test  ## what a change must pass before it is committed
	@test -z "$$(gofmt -l .)" || (gofmt -l . && exit 1)
	go vet ./...

bench:            ## the engine's benchmarks, with the peers' published seconds beside them
	go test -run '^$$' -bench . -benchtime 1x -timeout 60m ./analysis/... ./scraper

bench-warehouse:  ## the warehouse at full scale: aims beside what was reached
	go run ./warehouse/bench

accuracy:         ## the accuracy tables on the real data in ../shared
	go run . accuracy ../shared/data

rivals:           ## ours beside ten rivals on twelve benchmarks of ../shared
	go run . accuracy ../shared/data --only rivals

generate:         ## generated files
	go generate ./...

fuzz:             ## every fuzz target for FUZZTIME (default 10s)
	./.ci/fuzz $${FUZZTIME:-10s}

interop:          ## with the official clients, other engines and writers, which it installs into the user's cache
	go test -tags interop -count=1 -v -timeout 60m ./interop

demo: build       ## the whole flow against the local replica of the Hub
	$(BIN)/metabench demo

clean:
	rm -rf $(BIN) demo
