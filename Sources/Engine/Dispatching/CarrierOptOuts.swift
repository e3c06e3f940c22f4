internal import SMSModel
internal import Storage

/// Recipients whom carriers refuse because they have opted out there, so that the carrier is not asked for each message
/// again. Derived: the store has the same.
struct CarrierOptOuts {
    private struct Recipient: Hashable {
        var tenant: TenantID
        var number: UInt64
    }

    private var byRecipient: [Recipient: [CarrierOptOut]] = [:]
    private(set) var count = 0
    private let most: Int

    /// How many go at once where there is no room, so that it is not searched for the oldest each time.
    private var released: Int { max(1, most / 100) }

    init(_ optOuts: [CarrierOptOut] = [], most: Int = Limits.carrierOptOuts) {
        self.most = most
        for optOut in optOuts { put(optOut) }
    }

    var isEmpty: Bool { count == 0 }

    /// Why a message is not to be handed to one of the providers that it may go to; nil = nothing is known.
    func find(
        _ number: UInt64, _ tenant: TenantID, now: Int64, where isMeant: (CarrierOptOut) -> Bool
    ) -> CarrierOptOut? {
        byRecipient[Recipient(tenant: tenant, number: number)]?.first {
            now - $0.at < Limits.carrierOptOutMilliseconds && isMeant($0)
        }
    }

    /// - Returns: those that have been let go of to make room.
    mutating func insert(_ optOut: CarrierOptOut) -> [CarrierOptOut] {
        put(optOut)
        guard count > most else { return [] }
        let oldest = byRecipient.values.joined().sorted { $0.at < $1.at }.prefix(released)
        for optOut in oldest { remove(optOut) }
        return Array(oldest)
    }

    /// - Parameter tenant: nil = of every tenant.
    /// - Returns: those that were removed.
    mutating func remove(
        _ number: UInt64, of tenant: TenantID?, where isMeant: (CarrierOptOut) -> Bool
    ) -> [CarrierOptOut] {
        let tenants =
            tenant.map { [$0] }
            ?? Set(byRecipient.keys.lazy.filter { $0.number == number }.map(\.tenant)).sorted {
                $0.rawValue < $1.rawValue
            }
        var removed: [CarrierOptOut] = []
        for tenant in tenants {
            removed += (byRecipient[Recipient(tenant: tenant, number: number)] ?? []).filter(isMeant)
        }
        for optOut in removed { remove(optOut) }
        return removed
    }

    /// Recipients of a tenant.
    func count(of tenant: TenantID) -> UInt64 { UInt64(byRecipient.keys.count { $0.tenant == tenant }) }

    private mutating func put(_ optOut: CarrierOptOut) {
        let recipient = Recipient(tenant: optOut.tenant, number: optOut.number)
        remove(optOut)
        byRecipient[recipient, default: []].append(optOut)
        count += 1
    }

    private mutating func remove(_ optOut: CarrierOptOut) {
        let recipient = Recipient(tenant: optOut.tenant, number: optOut.number)
        guard var list = byRecipient[recipient],
            let place = list.firstIndex(where: { $0.provider == optOut.provider && $0.sender == optOut.sender })
        else { return }
        list.remove(at: place)
        byRecipient[recipient] = list.isEmpty ? nil : list
        count -= 1
    }
}
