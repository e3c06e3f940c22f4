internal import CApusProto
package import SMSModel

package struct HealthRequest: WireMessage, Hashable, Sendable {
    package static let wireName = "HealthRequest"

    package init() {}

    package init(decoding payload: UnsafeRawBufferPointer, arena: MessageArena) throws(GatewayError) {
        _ = try arena.unpack(payload, as: Self.wireName, apus__v1__health_request__unpack)
    }

    package func encode(into output: OutputBuffer) {}
}

/// The answer to Health.
package struct HealthReport: WireMessage, Hashable, Sendable {
    package static let wireName = "HealthResponse"

    package struct Check: Hashable, Sendable {
        package var name: String
        package var ok: Bool
        package var detail: String
        /// It is ok, and yet worth a look.
        package var warning: Bool

        package init(name: String, ok: Bool, detail: String = "", warning: Bool = false) {
            self.name = name
            self.ok = ok
            self.detail = detail
            self.warning = warning
        }
    }

    package var accepting: Bool
    package var dispatching: Bool
    /// No provider of some route takes messages, or messages wait too long.
    package var degraded: Bool
    package var checks: [Check]
    /// For administrators.
    package var providers: [ProviderStatistics]
    /// The gateway's clock, in milliseconds since the Unix epoch; 0 = it doesn't tell.
    package var now: Int64

    package init(
        accepting: Bool, dispatching: Bool, degraded: Bool = false, checks: [Check],
        providers: [ProviderStatistics] = [], now: Int64 = 0
    ) {
        self.now = now
        self.accepting = accepting
        self.dispatching = dispatching
        self.degraded = degraded
        self.checks = checks
        self.providers = providers
    }

    package init(decoding payload: UnsafeRawBufferPointer, arena: MessageArena) throws(GatewayError) {
        let c = try arena.unpack(payload, as: Self.wireName, apus__v1__health_response__unpack).pointee
        accepting = c.accepting != 0
        dispatching = c.dispatching != 0
        degraded = c.degraded != 0
        now = c.now_ms
        providers = (0..<c.n_providers).map { ProviderStatistics(c.providers[$0]!.pointee) }
        checks = (0..<c.n_checks).map {
            let check = c.checks[$0]!.pointee
            return Check(
                name: String(lenient: check.name), ok: check.ok != 0, detail: String(lenient: check.detail),
                warning: check.warning != 0)
        }
    }

    package func encode(into output: OutputBuffer) {
        let scratch = output.scratch
        let c = scratch.make(apus__v1__health_response__init)
        c.pointee.accepting = accepting ? 1 : 0
        c.pointee.dispatching = dispatching ? 1 : 0
        c.pointee.degraded = degraded ? 1 : 0
        c.pointee.now_ms = now
        c.pointee.n_providers = providers.count
        c.pointee.providers = scratch.messages(providers) { $0.layOut(in: scratch) }
        c.pointee.n_checks = checks.count
        c.pointee.checks = scratch.messages(checks) { check in
            let k = scratch.make(apus__v1__health_check__init)
            k.pointee.name = scratch.text(check.name)
            k.pointee.ok = check.ok ? 1 : 0
            k.pointee.detail = scratch.text(check.detail)
            k.pointee.warning = check.warning ? 1 : 0
            return k
        }
        output.pack(c)
    }
}

package struct DescribeRequest: WireMessage, Hashable, Sendable {
    package static let wireName = "DescribeRequest"

    package var withDescriptorSet: Bool

    package init(withDescriptorSet: Bool = false) {
        self.withDescriptorSet = withDescriptorSet
    }

    package init(decoding payload: UnsafeRawBufferPointer, arena: MessageArena) throws(GatewayError) {
        let c = try arena.unpack(payload, as: Self.wireName, apus__v1__describe_request__unpack).pointee
        withDescriptorSet = c.with_descriptor_set != 0
    }

    package func encode(into output: OutputBuffer) {
        let c = output.scratch.make(apus__v1__describe_request__init)
        c.pointee.with_descriptor_set = withDescriptorSet ? 1 : 0
        output.pack(c)
    }
}

/// The answer to Describe.
package struct ServiceDescription: WireMessage, Hashable, Sendable {
    package static let wireName = "DescribeResponse"

    package var serverAgent: String
    package var serverID: String
    package var versions: [UInt32]
    package var methods: [Method]
    package var limits: [QuotaDetail]
    /// The caller's.
    package var tenant: String
    /// The caller's.
    package var scopes: [String] = []
    /// A `google.protobuf.FileDescriptorSet`; empty unless it was asked for.
    package var descriptorSet: [UInt8] = []

    /// The descriptors of the protocol that this program was built with.
    package static var ownDescriptorSet: [UInt8] {
        Array(UnsafeBufferPointer(start: apus_descriptor_set, count: apus_descriptor_set_bytes))
    }

    package struct Method: Hashable, Sendable {
        package var number: UInt32
        package var name: String

        package init(number: UInt32, name: String) {
            self.number = number
            self.name = name
        }
    }

    package init(
        serverAgent: String, serverID: String, versions: [UInt32] = [ServerHello.version], methods: [RPCMethod],
        limits: [QuotaDetail], tenant: String
    ) {
        self.serverAgent = serverAgent
        self.serverID = serverID
        self.versions = versions
        self.methods = methods.map { Method(number: UInt32($0.rawValue), name: $0.name) }
        self.limits = limits
        self.tenant = tenant
    }

    package init(decoding payload: UnsafeRawBufferPointer, arena: MessageArena) throws(GatewayError) {
        let c = try arena.unpack(payload, as: Self.wireName, apus__v1__describe_response__unpack).pointee
        serverAgent = String(lenient: c.server_agent)
        serverID = String(lenient: c.server_id)
        versions = Array(UnsafeBufferPointer(start: c.versions, count: c.n_versions))
        methods = (0..<c.n_methods).map {
            let method = c.methods[$0]!.pointee
            return Method(number: method.number, name: String(lenient: method.name))
        }
        limits = (0..<c.n_limits).map {
            let limit = c.limits[$0]!.pointee
            return QuotaDetail(
                limit: String(lenient: limit.name), maximum: limit.maximum, unit: String(lenient: limit.unit))
        }
        tenant = String(lenient: c.tenant)
        scopes = (0..<c.n_scopes).map { String(lenient: c.scopes[$0]) }
        descriptorSet = Array(UnsafeRawBufferPointer(c.descriptor_set))
    }

    package func encode(into output: OutputBuffer) {
        let scratch = output.scratch
        let c = scratch.make(apus__v1__describe_response__init)
        c.pointee.server_agent = scratch.text(serverAgent)
        c.pointee.server_id = scratch.text(serverID)
        c.pointee.n_versions = versions.count
        c.pointee.versions = scratch.numbers(versions)
        c.pointee.n_methods = methods.count
        c.pointee.methods = scratch.messages(methods) { method in
            let m = scratch.make(apus__v1__method_description__init)
            m.pointee.number = method.number
            m.pointee.name = scratch.text(method.name)
            return m
        }
        c.pointee.n_limits = limits.count
        c.pointee.limits = scratch.messages(limits) { limit in
            let l = scratch.make(apus__v1__limit__init)
            l.pointee.name = scratch.text(limit.limit)
            l.pointee.maximum = limit.maximum
            l.pointee.unit = scratch.text(limit.unit)
            return l
        }
        c.pointee.tenant = scratch.text(tenant)
        c.pointee.n_scopes = scopes.count
        c.pointee.scopes = scratch.texts(scopes)
        c.pointee.descriptor_set = scratch.copy(descriptorSet)
        output.pack(c)
    }
}
