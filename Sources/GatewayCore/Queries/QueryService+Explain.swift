internal import Access
internal import Admission
internal import ConfigurationModel
internal import Engine
package import SMSModel
internal import Storage

/// A dry run of a message: the same checks in the same order, the same routes and the same choice; but nothing is taken
/// of any rate or quota, nothing is recorded, and an idempotency key is not looked at.
extension QueryService {
    /// - Parameters:
    ///   - request: borrowed for the call.
    ///   - malformed: what could not be decoded of it: it would be refused for that too.
    package func explain(
        _ request: SubmitRequest, malformed: [FieldViolation] = [], for caller: Caller,
        _ reply: @escaping Reply<SendExplanation>
    ) {
        do throws(GatewayError) {
            try caller.require(.read)
        } catch {
            return reply(.failure(error))
        }
        let tenant = caller.tenant
        let now = clock.now()
        var batch = MessageDrafts()
        let malformedFields = Set(malformed.map(\.field))
        let violations =
            malformed
            + tenant.validator.validate(
                request, tenant: tenant.id, generation: tenant.generation, now: now, suppressions: suppressions,
                into: &batch
            ).filter { !malformedFields.contains($0.field) }
        if !malformed.isEmpty { batch.drafts.removeAll() }
        var answer = SendExplanation(.refused)
        answer.generation = tenant.generation
        answer.describe(request.body, batch)
        answer.refusals = tenant.limits.refusals(now: GatewayClock.monotonicNanoseconds(), caller.rate)
            .map(SendExplanation.Refusal.init)
        answer.refusals += violations.map { SendExplanation.Refusal(field: $0.field, description: $0.description) }
        // Whether it would be a repeat is not looked at, as of what it is.
        if let draft = batch.drafts.first, draft.isLate(now: now),
            let violation = SendTime.violation(draft.sendAt, now: now)
        {
            answer.refusals.append(.init(field: violation.field, description: violation.description))
            batch.drafts.removeAll()
        }
        guard let draft = batch.drafts.first else {
            answer.settle()
            return reply(.success(answer))
        }
        if !writer.waiting.hasRoom(for: SubmitBurst(drafts: batch, reply: { _ in }).size) {
            answer.refusals.append(SendExplanation.Refusal(.tooMuchWaits))
        }
        answer.describe(draft, batch)
        let (clock, deadline, seesAll) = (clock, caller.deadline, caller.isAdministrator)
        writer.command(
            .explain(batch) { [answer] result in
                reply(
                    Result { () throws(GatewayError) in
                        let now = try clock.now(before: deadline)
                        var answer = answer
                        answer.add(try result.get(), draft, now: now, seesAll: seesAll)
                        return answer
                    })
            })
    }
}
