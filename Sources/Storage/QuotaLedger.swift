internal import SMSModel

/// What each tenant has used of its quotas, and whether there is room for more: sums in memory of what the files hold,
/// with the changes of the round under way.
///
/// A change of a file's part changes this too, and is taken back here should the file's part be rolled back.
final class QuotaLedger {
    /// The UTC day of the newest ids: that of ``Account/segments``, and of its month ``Account/cost``.
    private var today = Day(number: 0)
    private var month = Day(number: 0)..<Day(number: 0)
    private var accounts: [Account] = []
    private var places: [TenantID: Int] = [:]
    /// Most changes are of the tenant of the one before.
    private var last: (tenant: TenantID, place: Int)?

    private struct Account {
        var segments: Int64 = 0
        var cost: Int64 = 0
        var waiting: Int64 = 0
        // What they may be at most.
        var mostSegments = Int64.max
        var mostCost = Int64.max
        var mostWaiting = Int64.max

        mutating func setQuota(_ quota: TenantQuota) {
            mostSegments = quota.segmentsPerDay.map { Int64(clamping: $0) } ?? .max
            mostCost = quota.costPerMonth ?? .max
            mostWaiting = quota.waitingMessages.map { Int64(clamping: $0) } ?? .max
        }
    }

    func setQuotas(_ quotas: [TenantID: TenantQuota]) {
        for (tenant, place) in places where quotas[tenant] == nil { accounts[place].setQuota(TenantQuota()) }
        for (tenant, quota) in quotas { accounts[place(of: tenant)].setQuota(quota) }
    }

    /// Why a message that would get an id of that day is refused; nil = it may be accepted. Where several quotas are
    /// used up, the one that lasts longest.
    func refusal(of draft: MessageDraft, on day: Day) -> AcceptResult.Kind? {
        if day > today { begin(day) }
        let place = place(of: draft.tenant)
        if draft.reserve > 0, accounts[place].cost > accounts[place].mostCost - draft.reserve { return .overCost }
        if accounts[place].segments > accounts[place].mostSegments - Int64(draft.segments) { return .overSegments }
        return accounts[place].waiting >= accounts[place].mostWaiting ? .overWaiting : nil
    }

    /// - Parameters:
    ///   - charge: negative where some is given back.
    ///   - day: of the message's id.
    func charge(_ charge: Charge, _ tenant: TenantID, on day: Day) {
        guard day >= month.lowerBound else { return }
        if day > today { begin(day) }
        let place = place(of: tenant)
        accounts[place].cost &+= charge.cost
        if day == today { accounts[place].segments += charge.segments }
    }

    /// A number of the tenant's messages more wait.
    func wait(_ messages: Int64, _ tenant: TenantID) {
        accounts[place(of: tenant)].waiting += messages
    }

    /// - Parameter day: the day it is.
    func usage(of tenant: TenantID, on day: Day) -> TenantUsage {
        var usage = TenantUsage()
        guard let place = places[tenant] else { return usage }
        let account = accounts[place]
        if day <= today { usage.segmentsToday = UInt64(max(0, account.segments)) }
        if day < month.upperBound { usage.costThisMonth = account.cost }
        usage.waitingMessages = UInt64(max(0, account.waiting))
        return usage
    }

    /// The days whose charges count on: this month's up to today.
    var days: ClosedRange<Day> { month.lowerBound...today }

    /// A new day, and maybe a new month.
    func begin(_ day: Day) {
        today = day
        for place in accounts.indices { accounts[place].segments = 0 }
        guard !month.contains(day) else { return }
        month = day.month
        for place in accounts.indices { accounts[place].cost = 0 }
    }

    private func place(of tenant: TenantID) -> Int {
        if let last, last.tenant == tenant { return last.place }
        let place: Int
        if let known = places[tenant] {
            place = known
        } else {
            place = accounts.count
            accounts.append(Account())
            places[tenant] = place
        }
        last = (tenant, place)
        return place
    }
}
