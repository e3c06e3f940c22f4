internal import Foundation
internal import GatewayTestKit
internal import Logging
internal import SMSModel
internal import Testing

@testable internal import apusd

@Suite struct LogFormatTests {
    private static let at: Int64 = 1_793_557_765_134

    private func line(
        _ message: String = "a message", _ metadata: Logger.Metadata = [:], _ format: LogFormat = .json
    ) -> String {
        let line = format.line(
            at: Self.at, level: .notice, message: message, label: "apusd", fields: LogFormat.fields(of: metadata))
        return String(decoding: line, as: UTF8.self)
    }

    private func members(_ line: String) throws -> [String: String] {
        try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: String])
    }

    @Test func itIsOneObjectInOneOrder() {
        let line = line("took up \"all\"", ["possibly_sent": "0", "messages": "\(7)"])
        #expect(
            line
                == #"{"at":"2026-11-01T18:29:25.134Z","level":"notice","message":"took up \"all\"","label":"apusd","#
                + #""messages":"7","possibly_sent":"0"}"# + "\n")
    }

    @Test(arguments: [
        (0, "1970-01-01T00:00:00.000Z"), (951_827_696_007, "2000-02-29T12:34:56.007Z"),
        (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
    ])
    func times(_ at: Int64, _ text: String) {
        let line = String(
            decoding: LogFormat.json.line(at: at, level: .info, message: "", label: "", fields: []), as: UTF8.self)
        #expect(line.hasPrefix("{\"at\":\"\(text)\""), "\(line)")
    }

    @Test func metadataIsFlatAndInSnakeCase() throws {
        let found = try members(
            line(
                "m",
                [
                    "tlsVersion": "1", "peer-name": "2", "URL": "3", "größe": "4", "": "5", "message": "6",
                    "peer": ["hostName": "7", "more": ["x": "8"]], "list": ["a", "b"], "number": .stringConvertible(9),
                ]))
        #expect(
            found.filter { !["at", "level", "label"].contains($0.key) } == [
                "message": "m", "tls_version": "1", "peer_name": "2", "u_r_l": "3", "gr__e": "4", "_": "5",
                "message_": "6", "peer_host_name": "7", "peer_more_x": "8", "list": "a, b", "number": "9",
            ])
    }

    @Test func textIsOneLineToo() {
        let text = line("two\nlines \u{1B}[31m", ["b": "plain", "a": "with spaces", "c": "", "d": "x\"y"], .text)
        #expect(
            text
                == "2026-11-01T18:29:25.134Z notice two\\nlines \\u001b[31m a=\"with spaces\" b=plain c=\"\" d=\"x\\\"y\"\n"
        )
    }

    /// Whatever is told, a reader gets it back as it was, from one line that shows all that is in it.
    @Test func anyTextIsValidJSON() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var generator = SeededGenerator(seed: seed)
        func text() -> String {
            var text = ""
            for _ in 0..<Int.random(in: 0...40, using: &generator) {
                let ranges: [ClosedRange<UInt32>] = [
                    0...0x1F, 0x20...0x7F, 0x80...0xFF, 0x2000...0x206F, 0x300...0xFFFF, 0x10000...0x10FFFF,
                ]
                let value = UInt32.random(in: ranges.randomElement(using: &generator)!, using: &generator)
                if let scalar = Unicode.Scalar(value) { text.unicodeScalars.append(scalar) }
            }
            return text
        }
        for _ in 0..<3000 {
            let (message, value, key) = (text(), text(), text())
            let line = line(message, ["known": "\(value)", key: "by a strange key"])
            let found = try members(line)
            // Compared scalar by scalar: equal strings may be written in several ways.
            #expect(found["message"].map { Array($0.unicodeScalars) } == Array(message.unicodeScalars), "seed \(seed)")
            #expect(found["known"].map { Array($0.unicodeScalars) } == Array(value.unicodeScalars), "seed \(seed)")
            #expect(found.count >= 5)
            let hidden = line.dropLast().unicodeScalars.contains {
                [.control, .format, .lineSeparator, .paragraphSeparator].contains($0.properties.generalCategory)
            }
            #expect(!hidden && line.hasSuffix("}\n"), "seed \(seed)")
        }
        // Bytes that are no text.
        let bytes = (0..<5000).map { _ in UInt8.random(in: 0...255, using: &generator) }
        #expect(try members(line(String(decoding: bytes, as: UTF8.self)))["level"] == "notice")
    }

    @Test func longValuesAreCut() throws {
        let most = String(repeating: "x", count: Limits.logValueBytes)
        #expect(try members(line(most))["message"] == most)
        #expect(try members(line(most + "x"))["message"] == most + "…")
        // Inside of a character, or of an escape, it is not cut.
        let wide = String(repeating: "👋", count: Limits.logValueBytes / 4)
        #expect(try members(line("x" + wide + "!"))["message"] == "x" + wide + "…")
        #expect(try members(line(String(repeating: "\u{0}", count: Limits.logValueBytes)))["label"] == "apusd")
    }
}
