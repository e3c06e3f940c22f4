internal import Glibc
internal import RPCWire
internal import SMSModel

/// A socket without any manners: it sends what a test wants, and reads only when asked to.
final class PlainSocket: Sendable {
    struct Failure: Error {
        var what: String
    }

    private let descriptor: Int32

    /// Connects to a port of this machine.
    init(port: UInt16) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw Failure(what: "socket: \(String(cString: strerror(errno)))") }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let connected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard connected == 0 else {
            let reason = String(cString: strerror(errno))
            close(descriptor)
            throw Failure(what: "connect: \(reason)")
        }
        _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
    }

    deinit {
        close(descriptor)
    }

    /// Sends what the system takes at once.
    ///
    /// - Returns: how many bytes that was; nil if the peer has closed.
    func sendSome(_ bytes: ArraySlice<UInt8>) -> Int? {
        let count = bytes.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
        if count >= 0 { return count }
        return errno == EAGAIN ? 0 : nil
    }

    func send(_ bytes: [UInt8]) async throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            guard let count = sendSome(rest) else { throw Failure(what: "the peer has closed") }
            rest = rest.dropFirst(count)
            if count == 0 { try await Task.sleep(for: .milliseconds(1)) }
        }
    }

    /// No more will be sent.
    func finish() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// - Returns: what has come; empty if nothing has; nil once the peer has closed or reset.
    func receiveSome() -> [UInt8]? {
        var block = [UInt8](repeating: 0, count: 65_536)
        let count = block.withUnsafeMutableBytes { recv(descriptor, $0.baseAddress, $0.count, 0) }
        if count > 0 { return Array(block[..<count]) }
        return count < 0 && errno == EAGAIN ? [] : nil
    }

    /// All that comes until the peer closes.
    func receiveToEnd(within time: Duration = .seconds(60)) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        try await waitUntil("the peer closes", within: time) {
            while let some = receiveSome() {
                if some.isEmpty { return false }
                bytes += some
            }
            return true
        }
        return bytes
    }

    /// The frames that come until `count` are there.
    func receiveFrames(_ count: Int, within time: Duration = .seconds(60)) async throws -> [PlainFrame] {
        var bytes: [UInt8] = []
        var frames: [PlainFrame] = []
        try await waitUntil("\(count) frames", within: time) {
            guard let some = receiveSome() else {
                throw Failure(what: "closed after \(frames.count) of \(count) frames")
            }
            bytes += some
            frames += try PlainFrame.take(from: &bytes)
            return frames.count >= count
        }
        return frames
    }
}

/// A frame as it came.
struct PlainFrame {
    var type: FrameType?
    var callID: UInt32
    var code: UInt16
    var metadata: [UInt8]
    var payload: [UInt8]

    /// Takes the whole frames off the front.
    static func take(from bytes: inout [UInt8]) throws -> [PlainFrame] {
        let parser = FrameParser(maximumLength: Limits.frameBytes)
        var frames: [PlainFrame] = []
        var used = 0
        try bytes.withUnsafeBytes { buffer in
            while let frame = try parser.frame(in: UnsafeRawBufferPointer(rebasing: buffer[used...])) {
                frames.append(
                    PlainFrame(
                        type: frame.type, callID: frame.header.callID, code: frame.header.code,
                        metadata: Array(frame.metadata), payload: Array(frame.payload)))
                used += frame.size
            }
        }
        bytes.removeFirst(used)
        return frames
    }

    var status: StatusCode? { StatusCode(rawValue: code) }

    var error: GatewayError {
        metadata.withUnsafeBytes { GatewayError(status: code, metadata: $0, arena: MessageArena()) }
    }

    func goAway() throws -> GoAway {
        try payload.withUnsafeBytes { try GoAway(decoding: $0, arena: MessageArena()) }
    }
}

/// Frames to send.
enum PlainFrames {
    static func hello(key: String, versions: [UInt32] = [1]) -> [UInt8] {
        let output = OutputBuffer()
        output.appendHello(ClientHello(versions: versions, userAgent: "tests", credential: key))
        return Array(output.bytes)
    }

    static func request(
        _ callID: UInt32, _ method: RPCMethod, _ message: some WireMessage, key: String = "",
        idempotencyKey: String = "", requestID: String = "", traceparent: String = ""
    ) -> [UInt8] {
        let output = OutputBuffer()
        var texts = key + idempotencyKey + requestID + traceparent
        texts.withUTF8 { bytes in
            var rest = UnsafeRawBufferPointer(bytes)
            func take(_ text: String) -> UnsafeRawBufferPointer {
                let count = text.utf8.count
                defer { rest = UnsafeRawBufferPointer(rebasing: rest[count...]) }
                return UnsafeRawBufferPointer(rebasing: rest[..<count])
            }
            var metadata = RequestMetadata()
            metadata.authorization = take(key)
            metadata.idempotencyKey = take(idempotencyKey)
            metadata.requestID = take(requestID)
            metadata.traceparent = take(traceparent)
            output.appendRequest(callID: callID, method: method, metadata: metadata, message: message)
        }
        return Array(output.bytes)
    }
}
