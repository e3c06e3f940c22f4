internal import Access
internal import Admission
internal import ConfigurationModel
internal import Engine
internal import GatewayCore
internal import RPCTransport
internal import RPCWire
internal import Routing
internal import SMSModel
internal import Storage

/// A dry run of Send: the same checks in the same order, the same routes and the same choice; but nothing is taken of
/// any rate or quota, nothing is recorded, and an idempotency key is not looked at.
extension GatewayService {
    func explain(_ request: RPCRequest, _ caller: Principal, on connection: RPCServerConnection) {
        let message: SubmitRequest
        do throws(GatewayError) {
            message = try request.decodeSend()
        } catch {
            return refuse(request, on: connection, error)
        }
        let tenant = caller.tenant
        let now = gateway.clock.now()
        var batch = DraftBatch()
        let violations = tenant.validator.validate(
            message, tenant: tenant.id, generation: tenant.generation, now: now, suppressions: gateway.suppressions,
            into: &batch)
        var answer = SendExplanation(.refused)
        answer.generation = tenant.generation
        answer.describe(message.body, batch)
        answer.refusals = tenant.limits.refusals(
            now: GatewayClock.monotonicNanoseconds(), connection.serviceValue
        ).map(SendExplanation.Refusal.init)
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
            return connection.respond(callID: request.callID, answer)
        }
        if !gateway.writer.waiting.hasRoom(for: SubmitBurst(drafts: batch, reply: { _ in }).size) {
            answer.refusals.append(SendExplanation.Refusal(.tooMuchWaits))
        }
        answer.describe(draft, batch)
        let tell: @Sendable (Result<SendExplanation, GatewayError>) -> Void = later(request, on: connection)
        let (deadline, clock, seesAll) = (deadline(of: request), gateway.clock, caller.scopes.contains(.admin))
        gateway.writer.command(
            .explain(batch) { [answer] result in
                tell(
                    Result { () throws(GatewayError) in
                        let now = try clock.now(before: deadline)
                        var answer = answer
                        answer.add(try result.get(), draft, now: now, seesAll: seesAll)
                        return answer
                    })
            })
    }
}
