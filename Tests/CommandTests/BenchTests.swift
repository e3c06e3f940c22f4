import Histogram
import NIOCore
import RPCWire
import SMSModel
import Testing

@testable import apus

@Suite struct BenchTests {
    private let message = SendRequest(to: "+14155550100", sender: "Apus", body: String(LoadPlan.body), priority: .bulk)

    /// Appends a request and reads it back with the codec.
    private func request(
        _ frame: LoadFrame, callID: UInt32, key: (UInt64, UInt64) = (0, 0), index: UInt64 = 0,
        credential: [UInt8] = [], _ check: (Frame, RequestMetadata, MessageArena) throws -> Void
    ) throws {
        var buffer = ByteBuffer(string: "before")
        frame.append(to: &buffer, callID: callID, key: key, index: index, credential: credential)
        buffer.moveReaderIndex(forwardBy: 6)
        try buffer.withUnsafeReadableBytes { bytes in
            let arena = MessageArena()
            let frame = try #require(try FrameParser(maximumLength: Limits.frameBytes).frame(in: bytes))
            #expect(frame.size == bytes.count)
            #expect(frame.header.callID == callID)
            try check(frame, RequestMetadata(decoding: frame.metadata, arena: arena), arena)
        }
    }

    @Test(arguments: [RPCMethod.send, .null])
    func aSendCarriesItsKey(_ method: RPCMethod) throws {
        let frame = LoadFrame.send(method, message)
        try request(frame, callID: 0x0102_0304, key: (0x1122_3344_5566_7788, 9)) { frame, metadata, arena in
            #expect(frame.header.code == method.rawValue)
            #expect(
                Array(metadata.idempotencyKey)
                    == [0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0, 0, 0, 0, 0, 0, 0, 9])
            let sent = try SendRequest(decoding: frame.payload, arena: arena)
            #expect(sent == message)
        }
    }

    @Test func aCallMayCarryACredentialOfItsOwn() throws {
        let credential = Array("apus_0123456789".utf8)
        let frame = LoadFrame.send(.null, message, credentialBytes: credential.count)
        try request(frame, callID: 7, credential: credential) { _, metadata, _ in
            #expect(Array(metadata.authorization) == credential)
        }
    }

    @Test(arguments: [UInt64(0), 1, 127, 128, 1_000_000_000, Limits.batchIndex - LoadFrame.firstIndex])
    func aChunkCarriesItsIndex(_ index: UInt64) throws {
        let frame = LoadFrame.bulk(batch: "bench", message, count: 3)
        #expect(frame.messages == 3)
        try request(frame, callID: 7, index: index) { frame, _, arena in
            let bulk = try BulkRequest(decoding: frame.payload, arena: arena)
            #expect(bulk.batch == "bench")
            #expect(bulk.firstIndex == LoadFrame.firstIndex + index)
            #expect(bulk.content == .messages([message, message, message]))
        }
    }

    @Test func theBodyIsAHundredCharacters() {
        #expect(LoadPlan.body.unicodeScalars.count == 100)
    }

    @Test func figuresAreWrittenWithTheirNames() {
        var figures = BenchFigures()
        figures.add("calls", 3)
        figures.add("p50_us", 1.23456)
        #expect(figures.json.text == #"{"calls": 3, "p50_us": 1.235}"#)
    }

    @Test func theMeterCountsWhatItIsTold() {
        let meter = LoadMeter(budget: nil)
        meter.answered(messages: 10, nanoseconds: 5)
        meter.isMeasuring = true
        meter.answered(messages: 10, nanoseconds: .max)
        meter.refused(3, "why")
        meter.refused(1, "another")
        #expect(meter.calls == 2 && meter.messages == 20 && meter.refused == 4 && meter.firstError == "why")
        // Only what was answered while measuring, and no longer than the longest.
        #expect(meter.latencies.totalCount == 1)
        #expect(meter.latencies.valueAtPercentile(100) >= LoadMeter.longestNanoseconds)
    }
}
