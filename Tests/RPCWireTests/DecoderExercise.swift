internal import RPCWire
internal import SMSModel

/// What the fuzzer and the corpus test do with any bytes: nothing may crash, grow without bound or read
/// outside `bytes`; what decodes must survive being encoded and decoded again.
///
/// The first byte chooses: 0 = a stream of frames, else one message of the type of that number.
struct DecoderExercise {
    private let arena = MessageArena()
    private let output = OutputBuffer()

    func run(_ bytes: UnsafeRawBufferPointer) {
        guard let choice = bytes.first else { return }
        let rest = UnsafeRawBufferPointer(rebasing: bytes.dropFirst())
        arena.reset()
        output.reset()
        if choice == 0 { frames(rest) } else { message(Int(choice), rest) }
        precondition(arena.heldBytes <= Limits.decodeArenaBytes)
    }

    private func frames(_ bytes: UnsafeRawBufferPointer) {
        guard (try? FrameParser.checkFirst(bytes)) != nil else { return }
        let parser = FrameParser(maximumLength: Limits.frameBytes)
        var offset = 0
        while let frame = try? parser.frame(in: UnsafeRawBufferPointer(rebasing: bytes[offset...])) {
            precondition(frame.size >= Limits.frameHeaderBytes && frame.size <= bytes.count - offset)
            // With one byte less it is no frame yet.
            let shorter = UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + frame.size - 1])
            precondition((try? parser.frame(in: shorter)) == nil)
            offset += frame.size
            arena.reset()
            output.reset()
            contents(of: frame)
        }
    }

    private func contents(of frame: Frame) {
        switch frame.type {
        case .hello:
            survives(ClientHello.self, frame.payload)
            survives(ServerHello.self, frame.payload)
        case .request:
            guard let metadata = try? RequestMetadata(decoding: frame.metadata, arena: arena) else { return }
            metadata.encode(into: output)
            _ = try? SubmitRequest(decoding: frame.payload, metadata: metadata, arena: arena)
            // List's number is another message's here.
            message(frame.header.code == RPCMethod.list.rawValue ? 19 : Int(frame.header.code), frame.payload)
        case .response:
            let error = GatewayError(status: frame.header.code, metadata: frame.metadata, arena: arena)
            output.appendError(callID: 1, error)
            message(Int(frame.header.code), frame.payload)
        case .goAway: survives(GoAway.self, frame.payload)
        case .credit: survives(Credit.self, frame.payload)
        default: break
        }
    }

    private func message(_ number: Int, _ payload: UnsafeRawBufferPointer) {
        switch number {
        case 1: send(payload)
        case 2: bulk(payload)
        case 3: survives(StatusRequest.self, payload)
        case 4: survives(StatsRequest.self, payload)
        case 5: survives(CancelRequest.self, payload)
        case 6: survives(SendResponse.self, payload)
        case 7: survives(BulkResponse.self, payload)
        case 8: survives(StatusResponse.self, payload)
        case 9: survives(GatewayStatistics.self, payload)
        case 10: survives(CancelResponse.self, payload)
        case 11: survives(PauseRequest.self, payload)
        case 12: survives(PauseResponse.self, payload)
        case 13: survives(SandboxRequest.self, payload)
        case 14: survives(SandboxResponse.self, payload)
        case 15: survives(HealthReport.self, payload)
        case 16: survives(ServiceDescription.self, payload)
        case 17: _ = GatewayError(status: 3, metadata: payload, arena: arena)
        case 18: _ = try? RequestMetadata(decoding: payload, arena: arena)
        case 19: survives(ListRequest.self, payload)
        case 20: list(payload)
        default: break
        }
    }

    private func list(_ payload: UnsafeRawBufferPointer) {
        survives(ListResponse.self, payload)
        guard var page = try? ListResponse(decoding: payload, arena: arena) else { return }
        // However short a page is cut, the next one goes on behind what is left of it.
        while let shorter = page.shortened() {
            precondition(shorter.messages.count < page.messages.count && !shorter.messages.isEmpty)
            precondition(shorter.cursor == ListCursor(last: shorter.messages.last!.id).bytes)
            page = shorter
        }
    }

    private func send(_ payload: UnsafeRawBufferPointer) {
        survives(SendRequest.self, payload)
        guard let request = try? SubmitRequest(decoding: payload, arena: arena) else { return }
        for text in [request.to, request.sender, request.body, request.reference] + request.tags {
            precondition(text.count == String(decoding: text, as: UTF8.self).utf8.count && !text.contains(0))
        }
    }

    private func bulk(_ payload: UnsafeRawBufferPointer) {
        survives(BulkRequest.self, payload)
        guard let view = try? BulkRequestView(decoding: payload, arena: arena) else { return }
        precondition(view.count > 0 && view.count <= Limits.bulkMessages)
        for index in 0..<view.count {
            if view.template == nil {
                _ = try? view.message(at: index)
            } else if let recipient = try? view.recipient(at: index) {
                for variable in 0..<recipient.variableCount {
                    precondition(!recipient.variable(at: variable).value.contains(0))
                }
            }
        }
    }

    private func survives<Message: WireMessage & Equatable>(_ type: Message.Type, _ payload: UnsafeRawBufferPointer) {
        guard let first = try? Message(decoding: payload, arena: arena) else { return }
        output.reset()
        first.encode(into: output)
        // What was left out because it wasn't text has become longer, so bounds may be met the second time.
        guard let second = try? Message(decoding: output.bytes, arena: arena) else { return }
        output.reset()
        second.encode(into: output)
        let third = try? Message(decoding: output.bytes, arena: arena)
        precondition(third == second, "\(type) doesn't survive a round trip")
    }
}
