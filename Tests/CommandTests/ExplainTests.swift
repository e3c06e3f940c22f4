import ApusClient
import ArgumentParser
import Foundation
import RPCWire
import SMSModel
import Testing

@testable import apus

@Suite struct ExplainTests {
    private static func explanation(_ change: (inout SendExplanation) -> Void = { _ in }) -> Explanation {
        var response = SendExplanation(.now)
        response.reason = "route rest, LEAST_COST: a at 0.0075; not b is paused"
        response.encoding = .gsm7
        response.segments = 2
        response.characters = 170
        response.units = 171
        response.priority = .normal
        response.onUnknown = .hold
        response.expiresAt = 1_801_386_001_500
        response.routes = [
            .init(name: "germany", verdict: "OTHER_DESTINATION", text: "is for other destinations"),
            .init(name: "rest", verdict: "MATCHES", text: "is for it"),
        ]
        response.policy = "LEAST_COST"
        var chosen = SendExplanation.Provider(name: "a", kind: "sns", verdict: "HAS_ROOM", text: "has room")
        chosen.isChosen = true
        chosen.segmentPrice = 7500
        chosen.weight = 1
        chosen.latencyMilliseconds = 12
        var other = SendExplanation.Provider(name: "bb", kind: "twilio", verdict: "PAUSED", text: "is paused")
        other.segmentPrice = 5000
        other.weight = 3
        response.providers = [chosen, other]
        response.provider = "a"
        response.segmentPrice = 7500
        response.price = 15_000
        response.reserve = 20_000
        response.generation = 7
        change(&response)
        return Explanation(response)
    }

    @Test func aPageForPeople() {
        #expect(
            Self.explanation().text == """
                It would go now, through a.
                  why         route rest, LEAST_COST: a at 0.0075; not b is paused
                  body        2 segments GSM7: 170 characters, 171 units
                  sender      the provider's choice
                  priority    NORMAL
                  expires     2027-01-31T09:00:01.500Z
                  if unknown  HOLD
                  price       0.015 at 0.0075 a segment; at most 0.02, which the budget is charged
                  generation  7
                routes
                  germany  is for other destinations
                  rest     is for it
                providers
                  a   chosen: has room, 0.0075 a segment, weight 1, answers in 12 ms
                  bb  is paused, 0.005 a segment, weight 3
                """)
        #expect(Self.explanation().failure == nil)
    }

    @Test func aRefusalSaysByWhat() {
        let refused = Self.explanation {
            $0.outcome = .refused
            $0.reason = "too fast; no room"
            $0.refusals = [
                .init(limit: "rate", description: "too fast", retryAfter: 250),
                .init(limit: "segments_per_day", description: "no room", retryAfter: 42_000),
            ]
        }
        #expect(refused.text.hasPrefix("It would be refused.\n  body "))
        #expect(
            refused.text.contains(
                """
                refused by
                  rate              too fast (in 0.25 s)
                  segments_per_day  no room (in 42 s)
                routes
                """))
        #expect(refused.failure?.status == .refused)
        #expect(
            refused.failure?.text == "the message would be refused: too fast; no room\n  There may be room in 42 s.")
        // Where a field is wrong, waiting is no help.
        let wrong = Self.explanation {
            $0 = SendExplanation(.refused)
            $0.reason = "to: is wrong"
            $0.refusals = [
                .init(field: "to", description: "is wrong"), .init(limit: "rate", description: "", retryAfter: 1),
            ]
        }
        #expect(wrong.failure?.text == "the message would be refused: to: is wrong")
        #expect(wrong.body == nil && wrong.terms == nil && wrong.route == nil && wrong.policy == nil)
    }

    @Test func jsonHasTheProtocolsNames() throws {
        func object(_ explanation: Explanation) throws -> [String: Any] {
            try #require(
                try JSONSerialization.jsonObject(with: Data(explanation.json.text.utf8)) as? [String: Any])
        }
        let now = try object(Self.explanation())
        #expect(now["outcome"] as? String == "NOW" && now["route"] as? String == "rest")
        #expect(now["policy"] as? String == "LEAST_COST" && now["provider"] as? String == "a")
        #expect(now["price"] as? Int == 15_000 && now["segment_price"] as? Int == 7500)
        #expect(now["generation"] as? Int == 7)
        let body = try #require(now["body"] as? [String: Any])
        #expect(body["encoding"] as? String == "GSM7" && body["segments"] as? Int == 2)
        let terms = try #require(now["terms"] as? [String: Any])
        #expect(terms["expires_at"] as? String == "2027-01-31T09:00:01.500Z" && terms["send_at"] is NSNull)
        #expect(terms["on_unknown"] as? String == "HOLD" && terms["reserve"] as? Int == 20_000)
        let providers = try #require(now["providers"] as? [[String: Any]])
        #expect(providers.map { $0["chosen"] as? Bool } == [true, false])
        #expect(providers[0]["latency_ms"] as? Int == 12 && providers[1]["latency_ms"] is NSNull)
        let refused = try object(Self.explanation { $0.refusals = [.init(limit: "rate", description: "d")] })
        let refusal = try #require((refused["refusals"] as? [[String: Any]])?.first)
        #expect(refusal["limit"] as? String == "rate" && refusal["field"] is NSNull)
        #expect(refusal["retry_after_ms"] is NSNull)
    }

    @Test(arguments: [["explain"], ["explain", "+14155550100"], ["explain", "+14155550100", "two", "words"]])
    func wrongUsageIs2(_ arguments: [String]) async {
        #expect(await ApusCommand.run(arguments: arguments) == 2)
    }

    @Test func itTakesTheOptionsOfSend() throws {
        let words = ["explain", "+1", "hi", "--from", "ACME", "--priority", "urgent", "--at", "+10m"]
        let command = try #require(try ApusCommand.parseAsRoot(words) as? ExplainCommand)
        #expect(command.to == "+1" && command.body == "hi" && command.message.from == "ACME")
    }
}
