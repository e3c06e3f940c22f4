internal import Access
internal import Admission
internal import Engine
internal import SMSModel

/// A bulk call's items on their way through admission: each is accepted or refused alone.
struct BulkItems {
    let header: BulkHeader
    let waiting: WaitingCall
    private let now: Int64
    private let suppressions: SuppressionList
    private let log: GatewayLog
    private let template: BodyTemplate?
    /// The item to go on with.
    private var next = 0
    private(set) var drafts = MessageDrafts()
    /// The index in the batch of each draft.
    private(set) var indices: [UInt64] = []
    private(set) var refusals: [BulkResult.Refusal] = []
    /// Send times, by item, that have passed, of items that may be repeats.
    private(set) var late: [Int: Int64] = [:]
    private var violationsLeft = Limits.violationsPerBulk
    // Kept from one item to the next.
    private var variables: [TemplateVariable] = []
    private var body: [UInt8] = []

    /// Items between two looks at the clock.
    private static let unchecked = 16

    /// - Throws: INVALID_ARGUMENT if the template as a whole is wrong.
    init(
        _ header: BulkHeader, _ waiting: WaitingCall, now: Int64, suppressions: SuppressionList, _ log: GatewayLog
    ) throws(GatewayError) {
        self.header = header
        self.waiting = waiting
        self.now = now
        self.suppressions = suppressions
        self.log = log
        do throws(TemplateProblem) {
            template = try header.template.map { (message) throws(TemplateProblem) in try BodyTemplate(message.body) }
        } catch {
            throw .invalid([FieldViolation(field: "template.message.body", description: error.description)])
        }
        drafts.drafts.reserveCapacity(header.count)
        indices.reserveCapacity(header.count)
    }

    /// - Parameter end: nanoseconds of the monotonic clock.
    /// - Returns: whether all are done; false if the time was over before.
    mutating func admit(until end: Int64) -> Bool {
        while next < header.count {
            do throws(GatewayError) {
                try admit(next)
            } catch {
                refuse(next, error)
            }
            next += 1
            if next % Self.unchecked == 0, GatewayClock.monotonicNanoseconds() >= end { break }
        }
        return next == header.count
    }

    private mutating func admit(_ item: Int) throws(GatewayError) {
        guard let template, var message = header.template else {
            return accept(try waiting.call.message(at: item), item)
        }
        variables.removeAll(keepingCapacity: true)
        let recipient = try waiting.call.recipient(at: item, variables: &variables)
        body.removeAll(keepingCapacity: true)
        let violations = template.render(variables, into: &body)
        if !violations.isEmpty { throw .invalid(violations) }
        message.to = recipient
        // A reference, not a copy: the item leaves `body` alone.
        let rendered = body
        rendered.withUnsafeBytes { bytes in
            message.body = bytes
            accept(message, item)
        }
    }

    private mutating func accept(_ request: SubmitRequest, _ item: Int) {
        let tenant = waiting.tenant
        let violations = tenant.validator.validate(
            request, tenant: tenant.id, generation: tenant.generation, now: now, suppressions: suppressions,
            mayRepeat: !header.isDryRun, into: &drafts)
        if !violations.isEmpty { return refuse(item, .invalid(violations), request) }
        if request.sendAt != 0, drafts.drafts.last?.isLate(now: now) == true { late[item] = request.sendAt }
        indices.append(header.firstIndex + UInt64(item))
    }

    /// Past a number of violations only the words of the refusals are told: a call without a good field must not
    /// become an answer many times its size.
    private mutating func refuse(_ item: Int, _ error: GatewayError, _ request: SubmitRequest = SubmitRequest()) {
        let call = waiting.call
        log.refused(error, tenant: waiting.tenant.name, to: request.to, body: request.body, item: item) { call.trace }
        let violations = Array(error.violations.prefix(violationsLeft))
        violationsLeft -= violations.count
        refusals.append(
            BulkResult.Refusal(item: item, code: error.code, message: error.message, violations: violations))
    }
}
