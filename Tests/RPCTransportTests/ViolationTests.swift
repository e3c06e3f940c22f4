internal import RPCTransport
internal import RPCWire
internal import SMSModel
internal import Testing

/// Peers that break the rules: a clear last word, a closed connection, and nobody else notices.
@Suite(.timeLimit(.minutes(1))) struct ViolationTests {
    private func lastWord(_ bytes: [UInt8], afterHello: Bool = true) async throws -> GoAway {
        var last: GoAway?
        try await withServer { server, _ in
            let bystander = try await RawClient(server)
            _ = try await bystander.hello()
            let client = try await RawClient(server)
            if afterHello { _ = try await client.hello() }
            try await client.send(bytes)
            let frame = try #require(try await client.next())
            #expect(frame.type == .goAway)
            last = try frame.decode(GoAway.self)
            #expect(try await client.next() == nil)
            try await bystander.send(request(1, body: "x"))
            #expect(try await bystander.next()?.code == 0)
        }
        return try #require(last)
    }

    private func header(_ length: [UInt8], type: UInt8 = 2, flags: UInt8 = 0, call: UInt8 = 1) -> [UInt8] {
        length + [type, flags, 0, 0, 0, 0, 0, call, 0, 0, 0, 0]
    }

    @Test func aLengthOfFourGigabytes() async throws {
        let word = try await lastWord(header([0xFF, 0xFF, 0xFF, 0xFF]))
        #expect(word.status == UInt32(StatusCode.resourceExhausted.rawValue))
        #expect(word.message.contains("4294967295"))
    }

    @Test func aFrameAboveTheNegotiatedBound() async throws {
        // 4 MiB are allowed, one more byte isn't.
        #expect(try await lastWord(header([0, 0x40, 0, 1])).status == UInt32(StatusCode.resourceExhausted.rawValue))
    }

    @Test func frameRules() async throws {
        for bytes in [
            header([0, 0, 0, 0], type: 10), header([0, 0, 0, 0], flags: 0x80), header([0, 0, 0, 0], flags: 1),
            header([0, 0, 0, 0], call: 0), header([0, 0, 0, 0], type: 3), header([0, 0, 0, 0], type: 4),
        ] {
            #expect(try await lastWord(bytes).status == UInt32(StatusCode.invalidArgument.rawValue))
        }
    }

    @Test func callIDsThatDontRise() async throws {
        try await withServer { server, _ in
            let client = try await RawClient(server)
            _ = try await client.hello()
            try await client.send(request(2) + request(2))
            // The first is answered all the same, and the GOAWAY names it.
            #expect(try await client.next()?.callID == 2)
            let word = try #require(try await client.next()?.decode(GoAway.self))
            #expect(word.lastCallID == 2 && word.status == UInt32(StatusCode.invalidArgument.rawValue))
            #expect(try await client.next() == nil)
        }
    }

    @Test func framesBeforeTheHello() async throws {
        _ = try await lastWord(request(1), afterHello: false)
        _ = try await lastWord(header([0, 0, 0, 0], type: 6, call: 0), afterHello: false)
        // A HELLO of more than 16 KiB isn't read.
        let word = try await lastWord([0, 0, 0x40, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0x41, 0x50, 0, 0], afterHello: false)
        #expect(word.status == UInt32(StatusCode.resourceExhausted.rawValue))
        // Nor is one that isn't a ClientHello.
        _ = try await lastWord([0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0x41, 0x50, 0, 0, 0xFF], afterHello: false)
    }

    @Test func aSecondHello() async throws {
        let output = OutputBuffer()
        output.appendHello(ClientHello())
        _ = try await lastWord(Array(output.bytes))
    }

    @Test func versionsNobodySpeaks() async throws {
        let output = OutputBuffer()
        output.appendHello(ClientHello(versions: [9]))
        let word = try await lastWord(Array(output.bytes), afterHello: false)
        #expect(word.status == UInt32(StatusCode.failedPrecondition.rawValue))
    }

    @Test func garbage() async throws {
        #expect(try await lastWord([0x7B, 0x22, 0x61], afterHello: false).message.contains("HELLO"))
    }

    @Test func anHTTPRequestIsToldSoInHTTP() async throws {
        try await withServer { server, _ in
            let client = try await RawClient(server)
            try await client.send(Array("GET / HTTP/1.1\r\nHost: x\r\n\r\n".utf8))
            let answer = String(decoding: await client.rest(), as: UTF8.self)
            #expect(answer.hasPrefix("HTTP/1.1 400 ") && answer.contains("Apus RPC"))
        }
    }

    @Test func aTLSHelloGetsAnAlert() async throws {
        try await withServer { server, _ in
            let client = try await RawClient(server)
            try await client.send([0x16, 3, 1, 0, 200, 1, 0, 0, 196, 3, 3])
            #expect(await client.rest() == [0x15, 3, 1, 0, 2, 2, 40])
        }
    }

    @Test func halfAFrameThenNothing() async throws {
        try await withServer { server, _ in
            let client = try await RawClient(server)
            _ = try await client.hello()
            let bytes = request(1, body: "hello")
            try await client.send(Array(bytes.dropLast()))
            client.close()
            #expect(try await client.next() == nil)
        }
    }
}
