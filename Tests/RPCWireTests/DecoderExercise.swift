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

    /// Requests whose method's number is another message's here.
    private static let moved: [UInt16: Int] = [
        RPCMethod.list.rawValue: 19, RPCMethod.suppress.rawValue: 21, RPCMethod.unsuppress.rawValue: 21,
        RPCMethod.suppressions.rawValue: 23, RPCMethod.usage.rawValue: 25,
        RPCMethod.providerTest.rawValue: 47, RPCMethod.explain.rawValue: 1, RPCMethod.inbound.rawValue: 49,
        RPCMethod.sandboxReceive.rawValue: 52, RPCMethod.batchList.rawValue: 54,
    ]

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
            message(Self.moved[frame.header.code] ?? Int(frame.header.code), frame.payload)
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
        case 21: survives(SuppressRequest.self, payload)
        case 22: survives(SuppressResponse.self, payload)
        case 23: survives(SuppressionsRequest.self, payload)
        case 24: suppressions(payload)
        case 25: survives(UsageRequest.self, payload)
        case 26: survives(UsageResponse.self, payload)
        case 27: survives(UnknownListRequest.self, payload)
        case 28: shortens(UnknownListResponse.self, payload)
        case 29: survives(UnknownResendRequest.self, payload)
        case 30: survives(UnknownSettleRequest.self, payload)
        case 31: survives(UnknownActResponse.self, payload)
        default: administration(number, payload)
        }
    }

    private func administration(_ number: Int, _ payload: UnsafeRawBufferPointer) {
        switch number {
        case 32: survives(ConfigShowRequest.self, payload)
        case 33: survives(ConfigApplyRequest.self, payload)
        case 34: survives(ConfigRollbackRequest.self, payload)
        case 35: survives(ConfigHistoryRequest.self, payload)
        case 36: survives(KeyListRequest.self, payload)
        case 37: survives(KeyCreateRequest.self, payload)
        case 38: survives(KeyRevokeRequest.self, payload)
        case 39: survives(AuditRequest.self, payload)
        case 40: survives(ConfigShowResponse.self, payload)
        case 41: shortens(ConfigApplyResponse.self, payload)
        case 42: shortens(ConfigHistoryResponse.self, payload)
        case 43: keys(payload)
        case 44: survives(KeyCreateResponse.self, payload)
        case 45: survives(KeyRevokeResponse.self, payload)
        case 46: shortens(AuditResponse.self, payload)
        case 47: survives(ProviderTestRequest.self, payload)
        case 48: survives(ProviderTestResponse.self, payload)
        case 49: survives(InboundRequest.self, payload)
        case 50: inbound(payload)
        case 51: shortens(SendExplanation.self, payload)
        case 52: survives(SandboxReceiveRequest.self, payload)
        case 53: survives(SandboxReceiveResponse.self, payload)
        case 54: survives(BatchListRequest.self, payload)
        case 55: survives(BatchListResponse.self, payload)
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

    private func suppressions(_ payload: UnsafeRawBufferPointer) {
        survives(SuppressionsResponse.self, payload)
        guard var page = try? SuppressionsResponse(decoding: payload, arena: arena) else { return }
        while let shorter = page.shortened() {
            precondition(shorter.entries.count < page.entries.count && !shorter.entries.isEmpty)
            let last = UInt64(shorter.entries.last!.number.dropFirst())
            precondition(last != nil && SuppressionCursor(bytes: shorter.cursor)?.last == last)
            page = shorter
        }
    }

    private func keys(_ payload: UnsafeRawBufferPointer) {
        survives(KeyListResponse.self, payload)
        guard var page = try? KeyListResponse(decoding: payload, arena: arena) else { return }
        while let shorter = page.shortened() {
            precondition(shorter.keys.count < page.keys.count && !shorter.keys.isEmpty)
            precondition(shorter.cursor == KeyCursor(shorter.keys.last!).bytes)
            page = shorter
        }
    }

    private func inbound(_ payload: UnsafeRawBufferPointer) {
        survives(InboundResponse.self, payload)
        guard var page = try? InboundResponse(decoding: payload, arena: arena) else { return }
        // Its bytes need not be fewer: what is cut off may be less than the cursor that tells of it.
        while let shorter = page.shortened() {
            precondition(shorter.messages.count < page.messages.count && !shorter.messages.isEmpty)
            precondition(!shorter.cursor.isEmpty)
            page = shorter
        }
    }

    /// However short it is cut, it gets shorter, until it can't be.
    private func shortens<Message: WireMessage & Equatable>(_ type: Message.Type, _ payload: UnsafeRawBufferPointer) {
        survives(type, payload)
        guard var message = try? Message(decoding: payload, arena: arena) else { return }
        output.reset()
        message.encode(into: output)
        while let shorter = message.shortened() {
            let size = output.bytes.count
            output.reset()
            shorter.encode(into: output)
            precondition(output.bytes.count < size)
            message = shorter
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
