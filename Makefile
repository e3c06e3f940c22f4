# The few commands that people need. `make run` and `make test` set everything up by themselves.

proto: ## Regenerates Sources/CApusProto from Protos/apus.proto
	.ci/proto Protos/apus.proto Sources/CApusProto

.PHONY: proto
