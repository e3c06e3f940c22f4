# The few commands that people need. `make run` and `make test` set everything up by themselves.

BUILD_FLAGS := --explicit-target-dependency-import-check error
# Debug builds, which the tests run, check exclusive access to memory at run time; in a release that would be a
# tenth of a null call.
# Swift's own libraries are linked in: a machine that runs the programs needs no Swift.
RELEASE_FLAGS := -c release -Xswiftc -enforce-exclusivity=unchecked --static-swift-stdlib --disable-local-rpath
# Where `make install` puts the programs; with DESTDIR before it, for packages.
PREFIX ?= /usr/local
DESTDIR ?=
# The programs to be installed, and packages of them.
DIST := .build/dist
# Tests that compute for a minute run by themselves, and so do those that ask the vendors' own programs: others
# measure time, and would wait for a core.
COMPUTING := ^(EngineTests|SimulationTests|StorageTests|SMSModelTests|SchedulingTests|AdmissionTests)\.
ASKING := ^ProvidersTests\.
SWIFT_FILES := Package.swift Sources Clients Tests Benchmarks

help: ## Shows this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## Installs what building, running and testing need; quick when all is there
	@.ci/setup

setup-run:
	@.ci/setup run

run: setup-run ## Builds, starts `apusd dev`, sends a message through the sandbox, keeps serving
	swift build $(BUILD_FLAGS)
	@.ci/run-dev

certs: setup-run ## Makes a private CA and certificates for trying TLS out, in ./certs (docs/security.md)
	swift build $(BUILD_FLAGS) --product apusd
	"$$(swift build --show-bin-path)/apusd" certs certs --client client

release: setup-run ## Builds apusd and apus for production, in .build/dist
	swift build $(RELEASE_FLAGS) --product apusd
	swift build $(RELEASE_FLAGS) --product apus
	Packaging/finish "$$(swift build -c release --show-bin-path)" $(DIST)

install: ## Installs what `make release` has built: PREFIX=/usr/local, DESTDIR=
	Packaging/install $(DIST) $(PREFIX) $(DESTDIR)

deb: ## Makes a Debian package of what `make release` has built, in .build/dist
	rm -f $(DIST)/*.deb
	Packaging/deb $(DIST) $(DIST)

test-deb: deb ## Installs, uses, removes and purges that package, in a clean Debian
	.ci/test-deb $(DIST)/*.deb

storebench: setup
	swift build $(RELEASE_FLAGS) --product storebench

carrierstandin: setup
	swift build $(RELEASE_FLAGS) --product carrierstandin

hummingbird-baseline: setup
	swift build $(RELEASE_FLAGS) --product hummingbird-baseline

test: setup ## Builds everything and runs all tests
	swift build --build-tests $(BUILD_FLAGS)
	swift test --skip-build --disable-xctest --skip '$(COMPUTING)' --skip '$(ASKING)'
	swift test --skip-build --disable-xctest --filter '$(ASKING)'
	swift test --skip-build --disable-xctest --filter '$(COMPUTING)'

soak: export APUS_SOAK := 1
soak: test ## Runs the same tests at the sizes of a long proof

simulate: ## Runs a gateway's life from a seed: make simulate ARGS="--seed 7 --steps 300"
	@swift build $(BUILD_FLAGS) --product simulate
	@"$$(swift build --show-bin-path)/simulate" $(ARGS)

bench: ## Measures Apus against gRPC C++ on this machine (Benchmarks/README.md)
	@.ci/setup bench
	Benchmarks/run $(ARGS)

format: ## Formats the Swift sources
	swift format --in-place --recursive $(SWIFT_FILES)

lint: ## Checks formatting, layering and habits without changing anything
	swift format lint --strict --recursive $(SWIFT_FILES)
	.ci/check-imports
	.ci/check-language

proto: ## Regenerates the code in C and Python from Protos/apus.proto
	.ci/proto Protos/apus.proto Sources/CApusProto Clients/python/src/apus

check-proto: ## Checks that generated code is what `make proto` makes
	.ci/check-proto

.PHONY: help setup setup-run run certs release install deb test-deb storebench carrierstandin hummingbird-baseline test soak simulate bench format lint proto check-proto
