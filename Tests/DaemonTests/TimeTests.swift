internal import ApusClient
internal import Foundation
internal import Testing

extension DaemonTests {
    /// Times as people give them: of messages, of listings, of routes.
    @Suite struct TimeTests {
        private let directory = TestDirectory()
        private static let sandbox = ["admin", "provider", "create", "box", "--kind", "sandbox"]

        private func refusal(_ client: GatewayClient, sendAt: Date) async throws -> String {
            var message = OutgoingMessage(to: "+14155550100", body: "hello")
            message.sendAt = sendAt
            let error = await #expect(throws: ApusError.self) { _ = try await client.send(message) }
            #expect(error?.code == .invalidArgument && error?.violations.map(\.field) == ["send_at_ms"])
            return error?.violations.first?.description ?? ""
        }

        @Test(.timeLimit(.minutes(5))) func aTimeLongPastIsRefusedEverywhere() async throws {
            try await withDaemon(in: directory) { daemon, client in
                let lastYear = Date(timeIntervalSinceNow: -365 * 86_400)
                #expect(try await refusal(client, sendAt: lastYear).contains("365 days in the past"))
                let seconds = Date(timeIntervalSince1970: Date().timeIntervalSince1970 / 1000)
                #expect(try await refusal(client, sendAt: seconds).contains("It looks like seconds"))

                let text = lastYear.formatted(.iso8601)
                let sent = try await daemon.apus("send", "+14155550100", "hello", "--at", text)
                #expect(sent.exit == .code(1) && sent.errors.contains("365 days in the past"), "\(sent)")
                let told = try await daemon.apus("explain", "+14155550100", "hello", "--at", text)
                #expect(told.exit == .code(1) && told.output.hasPrefix("It would be refused."), "\(told)")
                #expect(told.output.contains("365 days in the past"), "\(told)")
                let rows = "to,body\n+14155550100,hello\n+14155550101,hello\n"
                let bulk = try await daemon.apus("bulk", "-", "--at", text, input: rows)
                #expect(bulk.exit == .code(1) && bulk.output.contains("0 accepted, 2 refused"), "\(bulk)")
                #expect(bulk.errors.contains("365 days in the past"), "\(bulk)")
                let dry = try await daemon.apus("bulk", "-", "--dry-run", "--at", text, input: rows)
                #expect(dry.exit == .code(1) && (dry.output + dry.errors).contains("365 days in the past"), "\(dry)")
                let template = try await daemon.apus(
                    "bulk", "-", "--body", "hi", "--at", text, input: "to\n+14155550100\n")
                #expect(template.exit == .code(1) && template.errors.contains("365 days"), "\(template)")
                #expect(try await client.statistics().states.total == 0)
                // What a slow call or a clock makes of "now" is now.
                var message = OutgoingMessage(to: "+14155550100", body: "hello")
                message.sendAt = Date(timeIntervalSinceNow: -300)
                let id = try await client.send(message).id
                #expect(try await client.waitUntilSettled([id], timeout: .seconds(30)).messages[0].state == .delivered)
            }
        }

        @Test(.timeLimit(.minutes(5))) func timesAreReadByTheClocksOfAZone() async throws {
            try await withDaemon(in: directory) { daemon, client in
                let berlin = try #require(TimeZone(identifier: "Europe/Berlin"))
                let due = Date(timeIntervalSinceNow: 5 * 86_400)
                var style = Date.ISO8601FormatStyle(timeZone: berlin)
                style = style.year().month().day()
                let run = try await daemon.apus(
                    "send", "+14155550100", "hello", "--at", "\(due.formatted(style)) 09:00 Europe/Berlin", "--output",
                    "json")
                #expect(run.exit == .code(0), "\(run.errors)")
                let id = try #require(MessageID(try run.object().text("id")))
                let sendAt = try #require(try await client.status(of: id).sendAt)
                var calendar = Calendar(identifier: .gregorian)
                calendar.timeZone = berlin
                #expect(calendar.component(.hour, from: sendAt) == 9)
                #expect(calendar.isDate(sendAt, inSameDayAs: due))
                for (time, reason) in [
                    ("2027-03-28 02:30 Europe/Berlin", "the clocks skip in Europe/Berlin"),
                    ("2027-01-04 09:00", "has no time zone"), ("1764493200", "is no time"),
                ] {
                    let wrong = try await daemon.apus("send", "+14155550100", "hello", "--at", time)
                    #expect(wrong.exit == .code(2) && wrong.errors.contains(reason), "\(wrong)")
                }
                for since in ["yesterday", "today", "1w", "2h", "yesterday 14:00", "2026-11-29"] {
                    let listed = try await daemon.apus("list", "--since", since)
                    #expect(listed.exit == .code(0) && listed.output.contains(id.description), "\(since): \(listed)")
                }
                #expect(try await daemon.apus("list", "--until", "yesterday").output == "")
            }
        }

        @Test(.timeLimit(.minutes(5))) func routesGoByTheClocksOfAZone() async throws {
            try await withDaemon(in: directory) { daemon, client in
                #expect(try await daemon.apus(Self.sandbox).exit == .code(0))
                let made = try await daemon.apus(
                    "admin", "route", "create", "all", "--provider", "box", "--time",
                    "MON-SUN/00:00-24:00 Pacific/Kiritimati")
                #expect(made.exit == .code(0), "\(made.errors)")
                let id = try await client.send(OutgoingMessage(to: "+14155550100", body: "hello")).id
                #expect(try await client.waitUntilSettled([id], timeout: .seconds(30)).messages[0].state == .delivered)
                let wrong = try await daemon.apus(
                    "admin", "route", "create", "other", "--provider", "box", "--time", "MON-FRI Europe/Berln")
                #expect(wrong.exit == .code(1) && wrong.errors.contains("is no time zone of this machine"), "\(wrong)")
                #expect(wrong.errors.contains("routes.other.times[0].zone"), "\(wrong)")
                // The day of tomorrow somewhere: not now.
                let hour = Calendar(identifier: .gregorian).component(.hour, from: Date(timeIntervalSinceNow: 7200))
                let later = (hour < 10 ? "0" : "") + "\(hour):00"
                let end = (hour < 9 ? "0" : "") + "\((hour + 1) % 24):00"
                let set = try await daemon.apus("admin", "route", "set", "all", "--time", "\(later)-\(end) UTC")
                #expect(set.exit == .code(0), "\(set.errors)")
                let told = try await daemon.apus("explain", "+14155550100", "hello")
                #expect(told.output.contains("is for other times"), "\(told)")
            }
        }

        @Test(.timeLimit(.minutes(5))) func withoutADatabaseZonesAreRefusedWithTheReason() async throws {
            try await withDaemon(in: directory, environment: ["TZDIR": "/nowhere"]) { daemon, _ in
                #expect(try await daemon.apus(Self.sandbox).exit == .code(0))
                let route = ["admin", "route", "create", "all", "--provider", "box", "--time"]
                let wrong = try await daemon.apus(route + ["MON-FRI/08:00-20:00 Europe/Berlin"])
                #expect(wrong.exit == .code(1) && wrong.errors.contains("install the package tzdata"), "\(wrong)")
                let fine = try await daemon.apus(route + ["MON-FRI/08:00-20:00 UTC"])
                #expect(fine.exit == .code(0), "\(fine.errors)")
            }
        }
    }
}
