internal import HTTPTransport
internal import SMSModel
internal import Testing

@testable internal import Providers

/// 2026-03-14 15:09:26 UTC.
private let begun: Int64 = 1_773_500_966_000

@Suite struct TwilioLookUpTests {
    private struct Message {
        var sid = "SM1"
        var body = "hello"
        var created = "Sat, 14 Mar 2026 15:09:27 +0000"
        var direction = "outbound-api"
    }

    private func answer(_ messages: [Message], more: Bool = false, known: Set<String> = []) -> LookUpAnswer {
        let list = messages.map {
            #"{"sid":"\#($0.sid)","body":"\#($0.body)","date_created":"\#($0.created)","direction":"\#($0.direction)"}"#
        }
        let body = #"{"messages":[\#(list.joined(separator: ","))],"next_page_uri":\#(more ? #""/2""# : "null")}"#
        return answer(.answered(HTTPResponse(status: 200, body: Array(body.utf8))), known: known)
    }

    private func answer(_ result: HTTPResult, known: Set<String> = []) -> LookUpAnswer {
        let question = LookUpQuestion(
            recipient: "+14155550100", body: "hello", begun: begun, ended: begun + 15_000, knownIDs: known)
        return TwilioLookUp.answer(to: question, result)
    }

    @Test func found() {
        #expect(answer([Message()]) == .found(providerID: "SM1"))
        #expect(answer([Message(sid: "SM2", body: "other"), Message()]) == .found(providerID: "SM1"))
        #expect(answer([Message(sid: "SM2"), Message()], known: ["SM2"]) == .found(providerID: "SM1"))
        #expect(answer([Message()], more: true) == .found(providerID: "SM1"))
    }

    /// What has become of it needs no receipt any more.
    @Test func foundWithItsStatus() {
        func found(_ status: String, _ code: String = "null") -> LookUpAnswer {
            let message =
                #"{"sid":"SM1","body":"hello","date_created":"Sat, 14 Mar 2026 15:09:27 +0000","status":"\#(status)","#
                + #""error_code":\#(code),"direction":"outbound-api"}"#
            return answer(
                .answered(
                    HTTPResponse(
                        status: 200, body: Array(#"{"messages":[\#(message)],"next_page_uri":null}"#.utf8))))
        }
        #expect(found("delivered") == .found(providerID: "SM1", status: .delivered))
        #expect(found("undelivered", "30005") == .found(providerID: "SM1", status: .undelivered(code: "30005")))
        #expect(found("failed") == .found(providerID: "SM1", status: .undelivered(code: "FAILED")))
        for status in ["queued", "sent", "accepted", "a new one"] {
            #expect(found(status) == .found(providerID: "SM1", status: .taken), "\(status)")
        }
    }

    @Test func nothing() {
        #expect(answer([]) == .nothing)
        #expect(answer([Message()], known: ["SM1"]) == .nothing)
        #expect(answer([Message(direction: "inbound")]) == .nothing)
        for created in ["Sat, 14 Mar 2026 15:08:25 +0000", "Sat, 14 Mar 2026 15:10:42 +0000"] {
            #expect(answer([Message(created: created)]) == .nothing, "\(created)")
        }
    }

    @Test func theEdgesOfTheTime() {
        for created in ["Sat, 14 Mar 2026 15:08:26 +0000", "Sat, 14 Mar 2026 16:10:41 +0100"] {
            #expect(answer([Message(created: created)]) == .found(providerID: "SM1"), "\(created)")
        }
        #expect(answer([Message(created: "soon")]) == .found(providerID: "SM1"))
    }

    @Test func ambiguous() {
        #expect(answer([Message(), Message(sid: "SM2")]) == .ambiguous(providerIDs: ["SM1", "SM2"]))
        // Perhaps it was changed on its way.
        #expect(answer([Message(body: "hell\u{F3}")]) == .ambiguous(providerIDs: ["SM1"]))
        #expect(answer([], more: true) == .ambiguous(providerIDs: []))
        #expect(
            answer([Message(), Message(sid: "SM2", body: "other")], more: true)
                == .ambiguous(providerIDs: ["SM1", "SM2"]))
    }

    @Test func failed() {
        #expect(answer(.notSent(HTTPFailure(.notConnected))) == .failed(code: "NOT_CONNECTED"))
        #expect(answer(.unknown(HTTPFailure(.timedOut))) == .failed(code: "TIMED_OUT"))
        for (status, body) in [(200, "{}"), (200, "<html>"), (200, ""), (404, #"{"messages":[]}"#), (500, "")] {
            let response = HTTPResponse(status: status, body: Array(body.utf8))
            #expect(answer(.answered(response)) == .failed(code: "HTTP_\(status)"))
        }
        let cut = HTTPResponse(status: 200, body: Array(#"{"messages":[]}"#.utf8), isBodyCut: true)
        #expect(answer(.answered(cut)) == .failed(code: "HTTP_200"))
    }

    @Test func statuses() {
        func status(_ body: String, status: Int = 200, isCut: Bool = false) -> StatusAnswer {
            TwilioResource.status(
                in: .answered(HTTPResponse(status: status, body: Array(body.utf8), isBodyCut: isCut)))
        }
        #expect(status(#"{"sid":"SM1","status":"delivered","error_code":null}"#) == .ended(.delivered))
        #expect(status(#"{"status":"undelivered","error_code":30003}"#) == .ended(.undelivered(code: "30003")))
        #expect(status(#"{"status":"failed"}"#) == .ended(.undelivered(code: "FAILED")))
        for under in ["queued", "sending", "sent", "accepted", "new"] {
            #expect(status(#"{"status":"\#(under)"}"#) == .pending)
        }
        #expect(status(#"{"code":20404,"status":404}"#, status: 404) == .unknown)
        #expect(status(#"{"code":20003}"#, status: 401) == .failed(code: "HTTP_401"))
        #expect(status("<html>", status: 502) == .failed(code: "HTTP_502"))
        #expect(status("{}") == .failed(code: "HTTP_200"))
        #expect(status(#"{"status":"delivered"}"#, isCut: true) == .failed(code: "HTTP_200"))
        #expect(TwilioResource.status(in: .unknown(HTTPFailure(.timedOut))) == .failed(code: "TIMED_OUT"))
    }

    @Test func dates() {
        #expect(UTCDate.milliseconds(rfc2822: "Sat, 14 Mar 2026 15:09:26 +0000") == begun)
        #expect(UTCDate.milliseconds(rfc2822: "Sat, 14 Mar 2026 10:39:26 -0430") == begun)
        #expect(UTCDate.milliseconds(rfc2822: "Thu, 24 Aug 2023 05:01:45 +0000") == 1_692_853_305_000)
        #expect(UTCDate.milliseconds(rfc2822: "Thu, 29 Feb 2024 00:00:00 +0000") == 1_709_164_800_000)
        for text in [
            "", "2026-03-14T15:09:26Z", "Sat, 14 Mrz 2026 15:09:26 +0000", "Sat, 14 Mar 2026 25:09:26 +0000",
            "Sat, 14 Mar 2026 15:09 +0000", "Sat, 14 Mar 2026 15:09:26 GMT", "Sat, 99 Mar 2026 15:09:26 +0000",
        ] {
            #expect(UTCDate.milliseconds(rfc2822: text) == nil, "\(text)")
        }
        for day in stride(from: -200_000, through: 200_000, by: 61) {
            #expect(UTCDate(milliseconds: Int64(day) * 86_400_000).daysSinceEpoch == day)
        }
        #expect(UTCDate(milliseconds: begun).text == "2026-03-14")
        #expect(UTCDate(milliseconds: -1).text == "1969-12-31")
        #expect(UTCDate(milliseconds: 951_782_400_000).text == "2000-02-29")
    }
}
