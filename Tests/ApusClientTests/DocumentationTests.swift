import ApusClient
import Foundation
import Testing

/// The examples of docs/client.md, compiled: a test checks that what stands there stands here.
private enum Examples {
    static func sending(key: String) async throws {
        let address = try GatewayAddress("unix:/run/apus/apus.sock")
        let client = GatewayClient(configuration: ClientConfiguration(address: address, key: key))

        let receipt = try await client.send(OutgoingMessage(to: "+14155550100", body: "Your code is 4711"))
        print(receipt.id, receipt.state, receipt.segments)

        var message = OutgoingMessage(to: "+447400123456", body: "Your parcel comes at nine")
        message.sender = "Parcels"
        message.priority = .urgent
        message.sendAt = Date(timeIntervalSinceNow: 3600)
        message.validity = .seconds(7200)
        message.reference = "parcel-81"
        message.tags = ["parcels", "uk"]
        message.maximumSegments = 2
        let parcel = try await client.send(message, idempotencyKey: "parcel-81-morning")
        _ = parcel

        let explanation = try await client.explain(message)
        print(explanation.outcome, explanation.reason, explanation.provider ?? "no provider now")
        for refusal in explanation.refusals { print(refusal.field ?? refusal.limit ?? "", refusal.description) }

        let report = try await client.waitUntilSettled([receipt.id], timeout: .seconds(60))
        for status in report.messages {
            print(status.id, status.state, status.settled, status.error?.message ?? "")
            for event in status.timeline { print(event.at, event.event, event.provider, event.detail) }
        }
    }

    static func looking(client: GatewayClient) async throws {
        let yesterday = Date(timeIntervalSinceNow: -86_400)
        for try await message in client.list(MessageFilter(states: [.failed, .undelivered], since: yesterday)) {
            print(message.id, message.to, message.error?.message ?? "")
        }
        let sent = try await client.status(reference: "parcel-81")
        let known = try await client.status(providerID: "SM90c6fc909d8504d45ecdb3a3d5b3556e")
        print(sent.first?.state ?? .unknown, known.map(\.id))
    }

    static func secure(key: String) throws {
        let gateway = try GatewayAddress("tls:sms.internal:7443")
        var secure = ClientConfiguration(address: gateway, key: key)
        secure.tls.ca = "/etc/apus/ca.pem"
        _ = secure
    }

    static func batches(client: GatewayClient) async throws {
        let lines = AsyncStream<OutgoingMessage> { continuation in
            for number in 0..<25_000 {
                continuation.yield(OutgoingMessage(to: "+1415555\(1000 + number % 9000)", body: "Hello \(number)"))
            }
            continuation.finish()
        }
        let batch = try await client.bulk(lines, batch: "newsletter-7") { progress in
            print("\(progress.report.accepted) accepted, \(progress.report.refused) refused")
        }
        for refusal in batch.refusals { print("message \(refusal.index): \(refusal.message)") }

        let settled = try await client.waitUntilSettled(batch: .name("newsletter-7"), timeout: .seconds(60))
        print(settled.states[.delivered], "of", settled.messages)

        let template = OutgoingMessage(to: "", body: "Dear {{name}}, your table is booked for {{time}}.")
        let guests = [
            TemplateRecipient(to: "+14155550100", variables: ["name": "Ann", "time": "8 pm"]),
            TemplateRecipient(to: "+447400123456", variables: ["name": "Боб", "time": "9 pm"]),
        ]
        let booked = try await client.bulk(template: template, recipients: guests, batch: "tables-today")
        _ = booked
    }

    static func errors(client: GatewayClient) async throws {
        do {
            _ = try await client.send(OutgoingMessage(to: "4155550100", body: "Hello"))
        } catch {
            guard error.code == .invalidArgument else { throw error }
            for violation in error.violations { print("\(violation.field): \(violation.description)") }
        }
    }

    static func operating(client: GatewayClient) async throws {
        let canceled = try await client.cancel(batch: .name("newsletter-7"))
        _ = try await client.pause(.provider("sandbox"))
        _ = try await client.resume(.everything)
        let lost = try await client.unknown(provider: "sandbox")
        _ = try await client.resend(lost.messages.map(\.status.id), note: "not in their console")
        let statistics = try await client.statistics()
        let theirs = try await client.page(of: MessageFilter(reference: "order-7"), owner: .tenant("shop"))
        let begun = try await client.batches(of: .everyTenant)
        print(theirs.messages.map(\.state), begun.batches.map(\.name))
        let health = try await client.health()
        print(canceled.canceled, statistics.states[.queued], health.isHealthy)
    }

    static func administering(client: GatewayClient) async throws {
        let configuration = try await client.configuration(kind: "tenants")
        let applied = try await client.apply(
            #"{"tenants": {"shop": {"weight": 5, "quota": {"segments_per_day": 10000}}}}"#, partial: true,
            ifGeneration: configuration.generation, note: "the web shop")
        for change in applied.changes { print(change.name, change.before ?? "new", change.after ?? "removed") }

        let made = try await client.createKey(tenant: "shop", scopes: [.send, .read], lifetime: .seconds(90 * 86_400))
        print(made.key.id, made.secret)
        let revoked = try await client.revokeKey(made.key.id)
        var page = try await client.keys(tenant: "shop")
        while let cursor = page.cursor { page = try await client.keys(tenant: "shop", after: cursor) }
        let usage = try await client.usage(tenant: "shop")
        print(revoked.revokedAt ?? revoked.createdAt, usage.segmentsToday, "of", usage.segmentsPerDay ?? 0)
        for entry in try await client.audit(limit: 10) { print(entry.at, entry.actor, entry.verb, entry.subject) }
    }

    static func keepingOptOuts(client: GatewayClient) async throws {
        _ = try await client.suppress(["+14155550100"], reason: "STOP")
        let optOuts = try await client.suppressions(limit: 100)
        print(optOuts.total, optOuts.entries.map(\.number))
    }

    static func readingWhatPeopleSent(client: GatewayClient) async throws {
        let inbox = try await client.inbound(limit: 20)
        for message in inbox.messages { print(message.at, message.from, message.body) }
    }
}

@Suite struct DocumentationTests {
    /// Lines without their indentation.
    private func lines(_ text: some StringProtocol) -> String {
        text.split(separator: "\n", omittingEmptySubsequences: true)
            .map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }.joined(separator: "\n")
    }

    @Test func everyExampleIsCompiled() throws {
        let tests = URL(filePath: #filePath).deletingLastPathComponent()
        let page = tests.appending(path: "../../docs/client.md").standardized
        let source = lines(try String(contentsOf: URL(filePath: #filePath), encoding: .utf8))
        let examples = try String(contentsOf: page, encoding: .utf8)
            .components(separatedBy: "```swift\n").dropFirst().map { $0.components(separatedBy: "```")[0] }
        #expect(examples.count >= 6)
        for example in examples where !source.contains(lines(example)) {
            Issue.record("not compiled by this file:\n\(example)")
        }
    }
}
