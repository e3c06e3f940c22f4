import ApusClient
import Foundation
import SMSModel
import Testing

@testable import apus

@Suite struct RenderingTests {
    private static let status = ApusClient.MessageStatus(
        SMSModel.MessageStatus(
            id: SMSModel.MessageID(rawValue: 123), state: .undelivered, settled: true, receiptOverdue: false,
            segments: 2, encoding: .ucs2, to: "+447400123456", sender: "Apus", priority: .urgent,
            provider: "sandbox", providerID: "sb-1", attempts: 1,
            error: SMSModel.MessageFailure(code: "30003", message: "unreachable"),
            timeline: [
                SMSModel.TimelineEvent(at: 1_801_386_001_500, event: .accepted, state: .accepted),
                SMSModel.TimelineEvent(
                    at: 1_801_386_001_502, event: .submitting, state: .submitting, attempt: 1, provider: "sandbox",
                    detail: "only one"),
            ], reference: "r", tags: ["t"], batch: nil, acceptedAt: 1_801_386_001_500, sendAt: 0,
            expiresAt: 1_801_472_401_500))

    @Test func statusHasTheProtocolsNames() throws {
        let object = try #require(
            try JSONSerialization.jsonObject(with: Data(Self.status.json.text.utf8)) as? [String: Any])
        #expect(object["id"] as? String == "123")
        #expect(object["state"] as? String == "UNDELIVERED")
        #expect(object["duplicate"] as? Bool == false)
        #expect(object["segments"] as? Int == 2)
        #expect(object["encoding"] as? String == "UCS2")
        #expect(object["to"] as? String == "+447400123456")
        #expect(object["priority"] as? String == "URGENT")
        #expect(object["provider"] as? String == "sandbox")
        #expect(object["provider_id"] as? String == "sb-1")
        #expect(object["attempts"] as? Int == 1)
        #expect(object["error"] as? [String: String] == ["code": "30003", "message": "unreachable"])
        #expect(object["settled"] as? Bool == true)
        let timeline = try #require(object["timeline"] as? [[String: Any]])
        #expect(timeline.count == 2)
        #expect(timeline[0]["at"] as? String == "2027-01-31T09:00:01.500Z")
        #expect(timeline[1]["event"] as? String == "SUBMITTING")
        #expect(timeline[1]["state"] as? String == "SUBMITTING")
        #expect(timeline[1]["attempt"] as? Int == 1)
        #expect(timeline[1]["provider"] as? String == "sandbox")
        #expect(timeline[1]["detail"] as? String == "only one")
    }

    @Test func bulkHasTheProtocolsNames() {
        var totals = BulkTotals(batch: "b")
        totals.accepted = 2
        totals.refused = 1
        #expect(
            totals.json(nil).text == #"{"batch": "b", "accepted": 2, "refused": 1, "duplicates": 0, "left_out": 0}"#)
    }

    @Test func rowsThatALimitRefusesAreWorthAnotherTry() {
        var totals = BulkTotals(batch: "b")
        #expect(totals.failure == nil)
        func refusals(_ code: ApusError.Code, _ message: String) -> [BulkRefusal] {
            [7, 8].map { BulkRefusal(index: $0, code: code, message: message) }
        }
        #expect(totals.note([]) == nil)
        #expect(totals.note(refusals(.resourceExhausted, "10 segments a day"))?.index == 7)
        #expect(totals.note(refusals(.resourceExhausted, "a budget of 5")) == nil)
        totals.refused = 4
        #expect(totals.failure?.status == .unavailable)
        #expect(totals.failure?.text.hasPrefix("4 rows refused: a budget of 5\n  Then run the file again") == true)
        // One row that no time helps: the file has to be corrected.
        #expect(totals.note(refusals(.invalidArgument, "to is wrong")) == nil)
        totals.refused = 6
        #expect(totals.failure?.status == .refused)
        #expect(totals.failure?.text.hasPrefix("6 rows refused\n  Correct them") == true)
    }

    @Test func aTimelineIsATable() {
        let lines = Self.status.timelineText.split(separator: "\n")
        #expect(lines.count == 2)
        #expect(lines[0] == "2027-01-31T09:00:01.500Z  ACCEPTED    ACCEPTED")
        #expect(lines[1] == "2027-01-31T09:00:01.502Z  SUBMITTING  SUBMITTING  #1  sandbox  only one")
    }

    @Test func aListingHasTheSameColumnsOnEveryPage() {
        var status = Self.status
        let start = "2027-01-31T09:00:01.500Z  123                  "
        func row(_ status: ApusClient.MessageStatus) -> String {
            TextTable.columns([status.cells(withTenant: false)], widths: ApusClient.MessageStatus.rowWidths)
        }
        #expect(row(status) == start + "UNDELIVERED  +447400123456     sandbox  unreachable (30003)")
        status.state = .sent
        status.to = "+14155550100"
        status.error = nil
        #expect(row(status) == start + "SENT         +14155550100      sandbox")
        status.provider = ""
        #expect(row(status) == start + "SENT         +14155550100")
    }

    @Test func theTextIsShownOrSaidWhyNot() throws {
        var status = Self.status
        #expect(!status.text.contains("text") && !status.json.text.contains("body"))
        let bodies: [(ApusClient.MessageBody, String, String)] = [
            (.shown("Привет"), "Привет", #""body": "Привет", "body_disclosure": "SHOWN""#),
            (.withheld, "the key lacks the scope messages:text", #""body": null, "body_disclosure": "WITHHELD""#),
            (.removed, "taken away by retention", #""body": null, "body_disclosure": "REMOVED""#),
        ]
        for (body, text, json) in bodies {
            status.body = body
            #expect(status.text.contains(text), "\(status.text)")
            #expect(status.json.text.contains(json), "\(status.json.text)")
        }
    }

    @Test func aMixedListingSaysWhoseEachIs() {
        var status = Self.status
        status.tenant = "shop"
        #expect(status.cells(withTenant: true).count == ApusClient.MessageStatus.headings(withTenant: true).count)
        #expect(status.cells(withTenant: true).contains("shop") && !status.cells(withTenant: false).contains("shop"))
    }

    @Test func aListingHasHeadingsAndFitsOnATerminal() {
        var listing = Listing(headings: ["to", "body"], widths: [6], terminalWidth: 12)
        #expect(listing.lines([]).isEmpty)
        #expect(
            listing.lines([["+1", "hello"], ["+2", "a\nb"]]) == ["TO      BODY", "+1      hel…", #"+2      a\nb"#])
        #expect(listing.lines([["+3", "abcd"]]) == ["+3      abcd"])
        var file = Listing(headings: ["to", "body"], widths: [6], terminalWidth: nil)
        #expect(file.lines([["+1", "hello, all of you"]]) == ["+1      hello, all of you"])
    }

    @Test func jsonEscapes() throws {
        let texts = ["plain", "\"quoted\" \\ back", "\u{0}\u{1F}\u{7F}\u{2028}", "Привет 👋\n\r\t", ""]
        for text in texts {
            let json = JSONOutput.array([.string(text), .null, 1, true, .number(1.5), .number(.nan)])
            let read = try JSONSerialization.jsonObject(with: Data(json.text.utf8)) as? [Any]
            #expect(read?.first as? String == text)
        }
        #expect(JSONOutput.object([("a", .unsigned(.max))]).text == "{\"a\": 18446744073709551615}")
    }

    @Test func barsAreFullAtTheEnd() {
        #expect(ProgressLine.bar(done: 0, of: 10).hasPrefix("[....................]   0 %"))
        #expect(ProgressLine.bar(done: 10, of: 10).hasPrefix("[####################] 100 %"))
        #expect(ProgressLine.bar(done: 11, of: 10).hasPrefix("[####################] 100 %"))
    }
}
