internal import RPCWire
internal import SMSModel
internal import Testing

/// A header's 16 bytes, of any content.
private func header(
    length: UInt32 = 0, type: UInt8 = 2, flags: UInt8 = 0, metadata: UInt16 = 0, call: UInt32 = 1, code: UInt16 = 1,
    reserved: UInt16 = 0
) -> [UInt8] {
    func bytes(_ value: some FixedWidthInteger) -> [UInt8] { withUnsafeBytes(of: value.bigEndian, Array.init) }
    return bytes(length) + [type, flags] + bytes(metadata) + bytes(call) + bytes(code) + bytes(reserved)
}

private func parse(_ bytes: [UInt8], maximum: Int = Limits.frameBytes) throws(FrameError) -> (FrameType?, Int)? {
    let result = bytes.withUnsafeBytes { bytes -> Result<(FrameType?, Int)?, FrameError> in
        do throws(FrameError) {
            return .success(try FrameParser(maximumLength: maximum).frame(in: bytes).map { ($0.type, $0.size) })
        } catch {
            return .failure(error)
        }
    }
    return try result.get()
}

private func firstBytes(_ bytes: [UInt8]) throws(FrameError) {
    try bytes.withUnsafeBytes { bytes -> Result<Void, FrameError> in
        do throws(FrameError) {
            return .success(try FrameParser.checkFirst(bytes))
        } catch {
            return .failure(error)
        }
    }.get()
}

@Suite struct FrameTests {
    @Test func headerSurvivesWritingAndReading() {
        let header = FrameHeader(
            type: .request, length: 0x01_0203, metadataLength: 0x0405, callID: 0x0607_0809, code: 0x0A0B)
        var bytes = [UInt8](repeating: 0xFF, count: 16)
        bytes.withUnsafeMutableBytes { header.write(to: $0.baseAddress!) }
        #expect(bytes == [0, 1, 2, 3, 2, 0, 4, 5, 6, 7, 8, 9, 10, 11, 0, 0])
        #expect(bytes.withUnsafeBytes { FrameHeader(reading: $0) } == header)
    }

    @Test func partsOfAFrameAreWhereTheHeaderSays() throws {
        let bytes = header(length: 5, metadata: 2) + [1, 2, 3, 4, 5] + [9]
        try bytes.withUnsafeBytes { bytes in
            let frame = try #require(try FrameParser(maximumLength: 5).frame(in: bytes))
            #expect(frame.type == .request)
            #expect(frame.size == 21)
            #expect(Array(frame.metadata) == [1, 2])
            #expect(Array(frame.payload) == [3, 4, 5])
        }
    }

    @Test func everyTruncationAsksForMore() throws {
        let whole = header(length: 40, metadata: 7) + Array(repeating: 1, count: 40)
        for count in 0..<whole.count {
            #expect(try parse(Array(whole[..<count])) == nil, "after \(count) bytes")
        }
        #expect(try parse(whole)?.1 == 56)
    }

    @Test func lengthIsJudgedBeforeTheRestHasCome() throws {
        #expect(try parse(header(length: 100), maximum: 100) == nil)
        #expect(throws: FrameError.tooLarge(length: 101, maximum: 100)) {
            try parse(header(length: 101), maximum: 100)
        }
        #expect(throws: FrameError.tooLarge(length: .max, maximum: Limits.frameBytes)) {
            try parse(header(length: .max))
        }
    }

    @Test func metadataHasItsBound() throws {
        let most = UInt16(Limits.metadataBytes)
        #expect(try parse(header(length: UInt32(most), metadata: most)) == nil)
        #expect(throws: FrameError.metadataTooLong(Limits.metadataBytes + 1)) {
            try parse(header(length: 100_000, metadata: most + 1))
        }
        #expect(throws: FrameError.metadataTooLong(6)) { try parse(header(length: 5, metadata: 6)) }
        #expect(throws: FrameError.unexpectedMetadata(.ping)) {
            try parse(header(length: 1, type: 6, metadata: 1, call: 0, code: 0))
        }
    }

    @Test(arguments: [UInt8(0), 10, 127])
    func unknownTypesAreErrors(type: UInt8) {
        #expect(throws: FrameError.unknownType(type)) { try parse(header(type: type)) }
    }

    @Test(arguments: [UInt8(128), 255])
    func laterTypesAreSkipped(type: UInt8) throws {
        // Their flags, call id and code mean nothing here, but their length is bounded all the same.
        let (known, size) = try #require(
            try parse(header(length: 3, type: type, flags: 0xFF, metadata: 0xFFFF, call: 0, code: 9) + [1, 2, 3]))
        #expect(known == nil)
        #expect(size == 19)
        #expect(throws: FrameError.self) { try parse(header(length: 101, type: type), maximum: 100) }
    }

    @Test func upperFlagsAreCriticalLowerOnesAreNot() throws {
        for bit in 0..<8 {
            let flags = UInt8(1) << UInt8(bit)
            switch bit {
            case 0: #expect(throws: FrameError.compressed) { try parse(header(flags: flags)) }
            case 1...3: #expect(try parse(header(flags: flags))?.0 == .request)
            default: #expect(throws: FrameError.unknownFlags(flags)) { try parse(header(flags: flags)) }
            }
        }
    }

    @Test func callIDsBelongToCalls() throws {
        for type in FrameType.allCases where type != .hello {
            let code: UInt16 = type == .request || type == .response ? 1 : 0
            #expect(try parse(header(type: type.rawValue, call: type.belongsToCall ? 1 : 0, code: code)) != nil)
            #expect(throws: FrameError.wrongCallID(type)) {
                try parse(header(type: type.rawValue, call: type.belongsToCall ? 0 : 1, code: code))
            }
        }
    }

    @Test func unusedFieldsAreZero() {
        #expect(throws: FrameError.reservedBits) { try parse(header(reserved: 1)) }
        for type in [FrameType.item, .cancel, .ping, .pong, .goAway, .credit] {
            #expect(throws: FrameError.reservedBits) {
                try parse(header(type: type.rawValue, call: type.belongsToCall ? 1 : 0, code: 1))
            }
        }
    }

    @Test func controlFramesAreSmall() throws {
        for (type, most) in [(FrameType.cancel, UInt32(0)), (.ping, 8), (.pong, 8), (.credit, 8)] {
            let call: UInt32 = type.belongsToCall ? 1 : 0
            let whole =
                header(length: most, type: type.rawValue, call: call, code: 0) + Array(repeating: 0, count: Int(most))
            #expect(try parse(whole)?.0 == type)
            #expect(throws: FrameError.tooLarge(length: most + 1, maximum: Int(most))) {
                try parse(header(length: most + 1, type: type.rawValue, call: call, code: 0))
            }
        }
    }

    @Test func helloHasItsMagicAndBound() throws {
        let magic = FrameHeader.magic
        let most = UInt32(Limits.helloBytes)
        #expect(try parse(header(length: most, type: 1, call: 0, code: magic)) == nil)
        #expect(throws: FrameError.tooLarge(length: most + 1, maximum: Limits.helloBytes)) {
            try parse(header(length: most + 1, type: 1, call: 0, code: magic))
        }
        #expect(throws: FrameError.wrongMagic) { try parse(header(type: 1, call: 0, code: magic + 1)) }
    }

    @Test func otherProtocolsAreRecognised() throws {
        #expect(throws: FrameError.http) { try firstBytes(Array("GET / HTTP/1.1\r\n".utf8)) }
        #expect(throws: FrameError.http) { try firstBytes(Array("P".utf8)) }
        #expect(throws: FrameError.tls) { try firstBytes([0x16, 3, 1, 2, 0]) }
        #expect(throws: FrameError.notApus) { try firstBytes([0xFF]) }
        #expect(throws: FrameError.notApus) { try firstBytes([0, 1]) }
        try firstBytes([])
        try firstBytes([0])
        try firstBytes([0, 0, 0x40])
        // The longest HELLO there is begins with two zero bytes.
        #expect(UInt32(Limits.helloBytes) < 1 << 16)
    }

    @Test func randomBytesNeverReachBeyondTheirEnd() {
        var random = SeededGenerator(seed: 1)
        for _ in 0..<20_000 {
            var bytes = (0..<Int.random(in: 0...64, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            if bytes.count > 4, Bool.random(using: &random) {
                bytes.replaceSubrange(0..<4, with: [0, 0, 0, UInt8.random(in: 0...60, using: &random)])
            }
            guard let (_, size) = try? parse(bytes) else { continue }
            #expect(size <= bytes.count)
        }
    }
}

@Suite struct OutputBufferTests {
    @Test func growsAndShrinks() {
        let output = OutputBuffer(capacity: 64)
        for byte in 0..<200 { withUnsafeBytes(of: UInt8(byte)) { output.append($0) } }
        #expect(output.array == (0..<200).map(UInt8.init))
        output.truncate(to: 3)
        #expect(output.array == [0, 1, 2])
        output.reset(keeping: 64)
        #expect(output.isEmpty)
    }

    @Test func framesFollowEachOther() throws {
        let bytes = encoded {
            $0.appendFrame(.cancel, callID: 7)
            $0.appendRequest(callID: 8, method: .null, message: SendRequest(to: "+1", body: "x"))
        }
        try bytes.withUnsafeBytes { bytes in
            let first = try #require(try FrameParser(maximumLength: 100).frame(in: bytes))
            #expect(first.type == .cancel)
            #expect(first.header.callID == 7)
            let second = try #require(
                try FrameParser(maximumLength: 100).frame(in: UnsafeRawBufferPointer(rebasing: bytes[first.size...])))
            #expect(second.type == .request)
            #expect(second.header.code == RPCMethod.null.rawValue)
            #expect(first.size + second.size == bytes.count)
        }
    }
}
