# Every target says what it does: make help
SHELL := /bin/bash
GO ?= go
LINT := bin/golangci-lint
LINT_VERSION := v2.15.0
BIN := bin
RUNS ?= 50

.PHONY: help
help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 14

.PHONY: demo
demo: ## watch a rollover break one app and not another (a minute, needs Go only)
	$(GO) run ./cmd/rollover demo

.PHONY: build
build: ## build bin/rollover, bin/mockidp and the Go apps under test
	$(GO) build -o $(BIN)/ ./cmd/rollover ./cmd/mockidp
	$(GO) build -o $(BIN)/rp-sample ./suites/relyingparty/defective/app
	$(GO) build -o $(BIN)/rp-federated ./suites/relyingparty/federated/app

# What images are made of: the same bytes from the same sources, static, and
# nothing else in the build context.
IMAGE_VERSION = $(or $(VERSION),dev)
IMAGE_BUILD = CGO_ENABLED=0 GOOS=linux $(GO) build -trimpath -buildvcs=false -ldflags='-s -w'
DOCKER_BUILD = docker build --build-arg VERSION=$(IMAGE_VERSION)

.PHONY: image
image: ## build the issuer's image, rollover/mockidp:dev, or that of VERSION
	$(IMAGE_BUILD) -o build/image/mockidp ./cmd/mockidp
	$(DOCKER_BUILD) -t rollover/mockidp:$(IMAGE_VERSION) -f docker/mockidp.Dockerfile build/image

.PHONY: image-sample
image-sample: ## build the sample app's image, rollover/sample:dev, or that of VERSION
	$(IMAGE_BUILD) -o build/image/rp-sample ./suites/relyingparty/defective/app
	$(DOCKER_BUILD) -t rollover/sample:$(IMAGE_VERSION) -f docker/sample.Dockerfile build/image

.PHONY: image-node
image-node: ## build the image of an app on Node, rollover/node-jose:dev, or that of VERSION (make targets first)
	docker/node-image $(IMAGE_VERSION)

.PHONY: images
images: targets ## build the images that the tests use, where a container engine answers
	@if docker version >/dev/null 2>&1; then \
		$(MAKE) --no-print-directory image image-sample && \
		{ $(MAKE) --no-print-directory image-node || echo "skipped: image-node: it cannot be built here" >&2; }; \
	else echo "skipped: images: no container engine answers" >&2; fi

.PHONY: targets
targets: build ## install the real libraries that the suites run against
	suites/relyingparty/install

.PHONY: test
test: targets images ## install what the tests need and run them all, the real targets included
	cd mockidp && $(GO) test ./...
	cd docker/testcontainer && $(GO) test ./...
	$(GO) test $$($(GO) list ./... | grep -v '/suites$$')
	$(GO) test -v ./suites -count=1 -timeout 30m -args -ginkgo.succinct -ginkgo.no-color -ginkgo.randomize-all -ginkgo.label-filter='!sign-in' -ginkgo.junit-report=$(CURDIR)/build/junit.xml
	$(GO) test -v ./suites -count=1 -timeout 40m -args -ginkgo.succinct -ginkgo.no-color -ginkgo.randomize-all -ginkgo.label-filter='sign-in' -ginkgo.junit-report=$(CURDIR)/build/junit-sign-in.xml

.PHONY: race
race: ## run the tests with the race detector; without the real targets, without containers, and without sample apps whose defect is a matter of seconds
	cd mockidp && $(GO) test -race ./...
	cd docker/testcontainer && $(GO) test -race ./...
	$(GO) test -race $$($(GO) list ./... | grep -v '/suites$$')
	$(GO) test -race -v ./suites -count=1 -timeout 30m -args -ginkgo.succinct -ginkgo.no-color -ginkgo.label-filter='!real && !docker' -ginkgo.randomize-all

.PHONY: lint
lint: $(LINT) ## gofmt, go vet and golangci-lint over all modules, and tidy go.mod files
	$(GO) mod tidy -diff
	cd mockidp && $(GO) mod tidy -diff
	cd docker/testcontainer && $(GO) mod tidy -diff
	$(LINT) run ./...
	cd mockidp && ../$(LINT) run --config ../.golangci.yml ./...
	cd docker/testcontainer && ../../$(LINT) run --config ../../.golangci.yml ./...

$(LINT): Makefile
	GOBIN=$(CURDIR)/$(BIN) $(GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(LINT_VERSION)
	@touch $@

.PHONY: bench
bench: ## measure speed, each figure beside its reference in the same run
	cd mockidp && $(GO) test -run '^$$' -bench . -benchtime 5x .
	cd mockidp && $(GO) test -run '^$$' -bench . ./oidc ./keysource
	$(GO) test -run '^$$' -bench Start -benchtime 20x ./cmd/mockidp
	cd docker/testcontainer && $(GO) test -run '^$$' -bench . -benchtime 10x .
	$(GO) test -run '^$$' -bench . ./scenarios/oracle
	$(GO) test -run '^$$' -bench . -benchtime 1x ./suites

.PHONY: release
release: ## make a commit for VERSION whose modules need no replace (go install refuses one); tag mockidp/VERSION first, then docker/testcontainer/VERSION and VERSION here
	@test -n "$(VERSION)" || { echo "name the version: make release VERSION=v0.1.0"; exit 2; }
	$(GO) mod edit -dropreplace github.com/rollover-harness/rollover/mockidp -require github.com/rollover-harness/rollover/mockidp@$(VERSION) go.mod
	$(GO) mod edit -dropreplace github.com/rollover-harness/rollover/docker/testcontainer -require github.com/rollover-harness/rollover/docker/testcontainer@$(VERSION) go.mod
	$(GO) mod edit -dropreplace github.com/rollover-harness/rollover/mockidp -require github.com/rollover-harness/rollover/mockidp@$(VERSION) docker/testcontainer/go.mod
	git commit -m "Release $(VERSION)" -- go.mod docker/testcontainer/go.mod

.PHONY: soak
soak: ## run the catalogue RUNS (50) times on the sound sample app: the same verdicts each time
	$(GO) test ./suites -run '^$$' -bench '^BenchmarkScenarios$$' -benchtime $(RUNS)x -timeout 60m

.PHONY: fuzz
fuzz: ## fuzz every parser for a short while
	@for module in mockidp .; do ( cd $$module && $(GO) list -f '{{.Dir}}' ./... | while read -r dir; do \
		for name in $$(grep -hoE '^func Fuzz[A-Za-z0-9_]*' $$dir/*_test.go 2>/dev/null | cut -d' ' -f2); do \
			( cd $$dir && $(GO) test -run '^$$' -fuzz "^$$name\$$" -fuzztime 10s . ) || exit 1; done; done ) || exit 1; done

.PHONY: clean
clean: ## remove what was built and installed
	rm -rf $(BIN) build suites/relyingparty/node/node_modules suites/relyingparty/.venv suites/relyingparty/python/.venv
	rm -rf suites/relyingparty/java/*/target suites/relyingparty/apache/keys suites/relyingparty/mono/out
	find suites/relyingparty/dotnet -type d \( -name bin -o -name obj -o -name out \) -prune -exec rm -rf {} +
