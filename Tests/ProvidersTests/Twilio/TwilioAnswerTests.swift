internal import HTTPTransport
internal import SMSModel
internal import Testing

@testable internal import Providers

/// Every code of Twilio's dictionary that matters, and what stands for none.
@Suite struct TwilioAnswerTests {
    private static let sid = "SM0123456789abcdef0123456789abcdef"

    private func outcome(_ status: Int, _ body: String, headers: [HTTPHeader] = [], isCut: Bool = false) -> Outcome {
        let response = HTTPResponse(status: status, headers: headers, body: Array(body.utf8), isBodyCut: isCut)
        return TwilioAnswer.outcome(.answered(response), receipts: true)
    }

    private func refusal(_ code: Int, _ status: Int) -> Outcome {
        outcome(status, #"{"code":\#(code),"message":"why","more_info":"https://x","status":\#(status)}"#)
    }

    enum Kind: Hashable {
        case rejected(RejectionScope)
        case throttled(ThrottleScope)
        case unavailable, unknown
    }

    private func kind(_ outcome: Outcome) -> Kind? {
        switch outcome {
        case .rejected(let scope, _, _): .rejected(scope)
        case .throttled(_, let scope): .throttled(scope)
        case .unavailable: .unavailable
        case .unknown: .unknown
        case .accepted, .returned: nil
        }
    }

    static let table: [(kind: Kind, status: [Int], codes: [Int])] = [
        (.unavailable, [401, 403, 400], [20003, 20005, 20006, 20008, 20010, 20403, 20410, 20426]),
        (.throttled(.request), [429, 400], [20429]), (.throttled(.sender), [429, 400], [21611]),
        (.unknown, [500, 502, 503, 504], [20500, 20503, 0, 99999]),
        (.rejected(.recipient), [400], [21211, 21214, 21217, 21265, 21268, 21614, 21635]),
        (.rejected(.optedOut), [400], [21610]),
        (.rejected(.sender), [400], [21212, 21601, 21603, 21606, 21607, 21659, 21660, 21661, 21703, 21705, 21712]),
        // A sender that can't be used for this recipient or its country.
        (.rejected(.sender), [400], [21266, 21267, 21401, 21612, 21657]),
        (.rejected(.content), [400], [21602, 21605, 21617, 21618, 21619, 21620, 21623]),
        (.rejected(.route), [400], [21408, 21608, 21219]),
        (.rejected(.route), [400], [20001, 21604, 21609, 21624, 21626, 21654, 21655, 21656, 21658]),
        // Codes that came later, by their status.
        (.rejected(.route), [400, 402, 405, 409, 415, 422], [29999, 1]), (.unavailable, [401, 403, 404], [29999]),
        (.rejected(.content), [413], [29999]), (.throttled(.request), [429], [29999]),
        (.unknown, [408, 300, 302], [29999]),
    ]

    @Test func codes() {
        for row in Self.table {
            for status in row.status {
                for code in row.codes {
                    let found = refusal(code, status)
                    #expect(kind(found) == row.kind, "\(code) with \(status): \(found)")
                }
            }
        }
    }

    @Test func whatIsKeptOfARefusal() {
        #expect(refusal(21211, 400) == .rejected(.recipient, code: "21211", message: "why"))
        #expect(refusal(20003, 401) == .unavailable(code: "20003"))
        #expect(refusal(20500, 500) == .unknown(code: "20500"))
        #expect(outcome(503, #"{"message":"x","status":503}"#) == .unknown(code: "HTTP_503"))
        let long = String(repeating: "é", count: 10_000)
        guard case .rejected(_, _, let message) = outcome(400, #"{"code":21211,"message":"\#(long)"}"#) else {
            Issue.record("not rejected")
            return
        }
        #expect(message.count == Limits.providerMessageCharacters)
    }

    @Test(arguments: [
        ("7", UInt64(7000)), ("0", 0), ("86400", 86_400_000), ("86401", 86_400_000), ("99999999999999999999", nil),
        ("-1", nil), ("1.5", nil), ("Wed, 21 Oct 2026 07:28:00 GMT", nil), ("", nil),
    ])
    func retryAfter(_ value: String, _ milliseconds: UInt64?) {
        let found = outcome(429, #"{"code":20429}"#, headers: [HTTPHeader("retry-after", value)])
        #expect(found == .throttled(retryAfterMilliseconds: milliseconds))
    }

    @Test func withoutACode() {
        for (status, wanted) in [
            (400, Kind.rejected(.route)), (401, .unavailable), (403, .unavailable), (404, .unavailable),
            (408, .unknown), (409, .rejected(.route)), (413, .rejected(.content)), (429, .throttled(.request)),
            (500, .unknown),
        ] {
            let found = outcome(status, #"{"message":"x","status":\#(status)}"#)
            #expect(kind(found) == wanted, "\(status): \(found)")
        }
    }

    /// What isn't Twilio's own word tells nothing of what Twilio did.
    @Test(arguments: [
        "<html><body>Bad Gateway</body></html>", "", "{}", #"{"error":"no"}"#, "[]", "null", #"{"code":21211"#,
    ])
    func othersPages(_ body: String) {
        for status in [301, 400, 401, 403, 404, 408, 413, 500, 502, 503, 504] {
            #expect(outcome(status, body) == .unknown(code: "HTTP_\(status)"))
        }
        #expect(outcome(429, body) == .throttled(retryAfterMilliseconds: nil))
        for status in [200, 201, 202] { #expect(outcome(status, body) == .unknown(code: "HTTP_\(status)")) }
    }

    @Test func aCutAnswerTellsNothing() {
        #expect(outcome(400, #"{"code":21211}"#, isCut: true) == .unknown(code: "HTTP_400"))
        #expect(outcome(201, #"{"sid":"\#(Self.sid)"}"#, isCut: true) == .unknown(code: "HTTP_201"))
    }

    @Test func accepted() {
        let body = #"{"sid":"\#(Self.sid)","status":"queued","num_segments":"0","error_code":null,"new":{}}"#
        #expect(outcome(201, body) == .accepted(providerID: Self.sid, receipts: true))
        #expect(outcome(200, body) == .accepted(providerID: Self.sid, receipts: true))
        let response = HTTPResponse(status: 201, body: Array(body.utf8))
        #expect(
            TwilioAnswer.outcome(.answered(response), receipts: false)
                == .accepted(providerID: Self.sid, receipts: false))
        let mms = Self.sid.replacing("SM", with: "MM")
        #expect(outcome(201, #"{"sid":"\#(mms)"}"#) == .accepted(providerID: mms, receipts: true))
    }

    @Test(arguments: ["", "SM1", "XX0123456789abcdef0123456789abcdef", "SM0123456789abcdef0123456789abcdeg"])
    func anIDThatIsNone(_ sid: String) {
        #expect(outcome(201, #"{"sid":"\#(sid)","status":"queued"}"#) == .unknown(code: "HTTP_201"))
    }

    @Test func givenUpAtOnce() {
        let body = #"{"sid":"\#(Self.sid)","status":"failed","error_code":30034,"error_message":"not registered"}"#
        #expect(outcome(201, body) == .rejected(.route, code: "30034", message: "not registered"))
        guard case .rejected(.route, "FAILED", _) = outcome(201, #"{"sid":"\#(Self.sid)","status":"canceled"}"#) else {
            Issue.record("not rejected")
            return
        }
    }

    @Test func withoutAnAnswer() {
        func outcome(_ result: HTTPResult) -> Outcome { TwilioAnswer.outcome(result, receipts: true) }
        #expect(outcome(.notSent(HTTPFailure(.canceled))) == .returned)
        #expect(outcome(.notSent(HTTPFailure(.tooManyWaiting))) == .throttled(retryAfterMilliseconds: nil))
        for reason in [HTTPFailure.Reason.notConnected, .nameNotResolved, .untrustedCertificate, .tls, .timedOut] {
            #expect(outcome(.notSent(HTTPFailure(reason))) == .unavailable(code: reason.rawValue))
        }
        for reason in [HTTPFailure.Reason.canceled, .timedOut, .noAnswer, .connectionLost, .notHTTP] {
            #expect(outcome(.unknown(HTTPFailure(reason))) == .unknown(code: reason.rawValue))
        }
    }
}
