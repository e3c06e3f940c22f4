internal import CApusProto
package import SMSModel

package struct UsageRequest: WireMessage, Hashable, Sendable {
    package static let wireName = "UsageRequest"
    /// Asks for all tenants.
    package static let everyTenant = "*"

    /// "" = the caller's.
    package var tenant: String

    package init(tenant: String = "") {
        self.tenant = tenant
    }

    package init(decoding payload: UnsafeRawBufferPointer, arena: MessageArena) throws(GatewayError) {
        let c = try arena.unpack(payload, as: Self.wireName, apus__v1__usage_request__unpack).pointee
        var check = TextChecker()
        tenant = check.tenant(c.tenant)
        try check.finish()
    }

    package func encode(into output: OutputBuffer) {
        let c = output.scratch.make(apus__v1__usage_request__init)
        c.pointee.tenant = output.scratch.text(tenant)
        output.pack(c)
    }
}

package struct UsageResponse: WireMessage, Hashable, Sendable {
    package static let wireName = "UsageResponse"

    /// What a tenant has used, and may use; a bound of 0 = none. Costs are millionths of the currency.
    package struct Tenant: Hashable, Sendable {
        package var name: String
        package var segmentsToday: UInt64 = 0
        package var segmentsPerDay: UInt64 = 0
        package var costThisMonth: Int64 = 0
        package var costPerMonth: Int64 = 0
        package var waitingMessages: UInt64 = 0
        package var waitingMaximum: UInt64 = 0
        /// Recipients whom carriers refuse, and who are remembered for that.
        package var optedOutAtCarriers: UInt64 = 0

        package init(name: String) {
            self.name = name
        }
    }

    /// The tenants, by name.
    package var tenants: [Tenant]

    package init(tenants: [Tenant]) {
        self.tenants = tenants
    }

    package init(decoding payload: UnsafeRawBufferPointer, arena: MessageArena) throws(GatewayError) {
        let c = try arena.unpack(payload, as: Self.wireName, apus__v1__usage_response__unpack).pointee
        tenants = (0..<c.n_tenants).map { Tenant(c.tenants[$0]!.pointee) }
    }

    package func encode(into output: OutputBuffer) {
        let scratch = output.scratch
        let c = scratch.make(apus__v1__usage_response__init)
        c.pointee.n_tenants = tenants.count
        c.pointee.tenants = scratch.messages(tenants) { $0.layOut(in: scratch) }
        output.pack(c)
    }
}

extension UsageResponse.Tenant {
    fileprivate init(_ c: Apus__V1__TenantUsage) {
        self.init(name: String(lenient: c.tenant))
        segmentsToday = c.segments_today
        segmentsPerDay = c.segments_per_day
        costThisMonth = c.cost_this_month
        costPerMonth = c.cost_per_month
        waitingMessages = c.waiting_messages
        waitingMaximum = c.waiting_maximum
        optedOutAtCarriers = c.opted_out_at_carriers
    }

    fileprivate func layOut(in arena: MessageArena) -> UnsafeMutablePointer<Apus__V1__TenantUsage> {
        let c = arena.make(apus__v1__tenant_usage__init)
        c.pointee.tenant = arena.text(name)
        c.pointee.segments_today = segmentsToday
        c.pointee.segments_per_day = segmentsPerDay
        c.pointee.cost_this_month = costThisMonth
        c.pointee.cost_per_month = costPerMonth
        c.pointee.waiting_messages = waitingMessages
        c.pointee.waiting_maximum = waitingMaximum
        c.pointee.opted_out_at_carriers = optedOutAtCarriers
        return c
    }
}
