import RPCWire
import SMSModel
import Testing

@Suite struct ExplainTests {
    private static let full = {
        var response = SendExplanation(.now)
        response.reason = "маршрут"
        response.refusals = [
            .init(field: "to", description: "has opted out"),
            .init(limit: "rate", description: "too fast", retryAfter: .max), .init(description: ""),
        ]
        response.encoding = .ucs2
        response.segments = 3
        response.characters = 150
        response.units = 151
        response.sender = "ACME"
        response.priority = .urgent
        response.onUnknown = .resend
        response.sendAt = 1_800_000_000_000
        response.expiresAt = .max
        response.routes = (0..<5).map { .init(name: "r\($0)", verdict: "OTHER_TIME", text: "is for other times") }
        response.policy = "FASTEST"
        var provider = SendExplanation.Provider(name: "a", kind: "sns", verdict: "HAS_ROOM", text: "has room")
        provider.isChosen = true
        provider.segmentPrice = 7500
        provider.weight = 3
        provider.latencyMilliseconds = 12
        response.providers = [
            provider, .init(name: "b", kind: "twilio", verdict: "PAUSED", text: "is paused"),
        ]
        response.provider = "a"
        response.segmentPrice = 7500
        response.price = 22_500
        response.reserve = 30_000
        response.generation = .max
        response.ucs2 = UCS2Cause(scalar: 0x41F, position: 1, count: 7, segmentsWithout: 0, isReplaceable: false)
        response.replaced = "’→'"
        response.senderRule = "provider a, US"
        return response
    }()

    @Test func allSurvivesARoundTrip() throws {
        #expect(try roundTrip(Self.full) == Self.full)
        for outcome in SendExplanation.Outcome.allCases {
            #expect(try roundTrip(SendExplanation(outcome)) == SendExplanation(outcome))
        }
    }

    @Test func anOutcomeIsNeeded() {
        for number: UInt8 in [0, 4] {
            #expect(throws: GatewayError.self) { _ = try decode(SendExplanation.self, [0x08, number]) }
        }
    }

    @Test func tooManyRoutesLeaveTheLastOnes() throws {
        let shorter = try #require(Self.full.shortened())
        #expect(shorter.routes.map(\.name) == ["r3", "r4"])
        #expect(shorter.shortened()?.routes.map(\.name) == ["r4"])
        #expect(shorter.shortened()?.shortened()?.routes.isEmpty == true)
        #expect(shorter.shortened()?.shortened()?.shortened() == nil)
    }

    /// The most routes that there may be, of the longest names, are cut to the smallest frame.
    @Test func itFitsTheSmallestFrame() {
        var response = Self.full
        let name = String(repeating: "n", count: 200)
        response.routes = (0..<Limits.routes).map { _ in
            .init(name: name, verdict: "OTHER_DESTINATION", text: "is for other destinations")
        }
        response.refusals = (0..<Limits.violationsPerRefusal).map { _ in
            .init(field: "to", description: name, retryAfter: .max)
        }
        let frame = encoded {
            $0.appendResponse(callID: 1, message: response, maximumLength: Limits.minimumFrameBytes)
        }
        #expect(frame.count <= Limits.minimumFrameBytes && frame.count > Limits.minimumFrameBytes / 4)
    }
}
