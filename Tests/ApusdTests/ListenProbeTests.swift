internal import Foundation
internal import GatewayTestKit
internal import Glibc
internal import RPCTransport
internal import Testing

@testable internal import apusd

@Suite struct ListenProbeTests {
    /// A socket of this process that listens until it is closed.
    private final class Listener {
        let descriptor: Int32
        private(set) var port = 0

        init(_ address: String, port: UInt16 = 0) throws {
            descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
            var name = sockaddr_in()
            name.sin_family = sa_family_t(AF_INET)
            name.sin_port = port.bigEndian
            inet_pton(AF_INET, address, &name.sin_addr)
            var length = socklen_t(MemoryLayout<sockaddr_in>.size)
            let codes = withUnsafeMutablePointer(to: &name) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    [bind(descriptor, $0, length), listen(descriptor, 1), getsockname(descriptor, $0, &length)]
                }
            }
            try #require(codes == [0, 0, 0])
            self.port = Int(UInt16(bigEndian: name.sin_port))
        }

        init(path: String) throws {
            descriptor = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
            var name = sockaddr_un()
            name.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: path.utf8) }
            let codes = withUnsafePointer(to: &name) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    [bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)), listen(descriptor, 4)]
                }
            }
            try #require(codes == [0, 0])
        }

        func end() { close(descriptor) }
    }

    private func process(_ finding: ListenProbe.Finding) -> Int32? {
        if case .inUse(let process?) = finding { process.id } else { nil }
    }

    @Test func anAddressThatIsTakenIsToldWithWhatToDo() throws {
        let listener = try Listener("127.0.0.1")
        let taken = ListenAddress(.tcp(host: "127.0.0.1", port: listener.port))
        #expect(
            taken.fault == "cannot listen at tcp:127.0.0.1:\(listener.port): it is given twice", "it is this process")
        listener.end()
        #expect(taken.fault == nil)
        let nowhere = ListenAddress(.unix(path: "/nowhere/at/all/s"))
        let fault = try #require(nowhere.fault)
        #expect(
            fault.hasPrefix("cannot listen at unix:/nowhere/at/all/s: the folder /nowhere/at/all cannot be written"))
        #expect(fault.hasSuffix("; choose another with --rpc"))
    }

    @Test func whoListensAtAPortIsNamed() throws {
        let listener = try Listener("127.0.0.1")
        let port = listener.port
        #expect(process(ListenProbe.tcp(host: "127.0.0.1", port: port)) == getpid())
        // All addresses of the port, that one among them.
        #expect(process(ListenProbe.tcp(host: "0.0.0.0", port: port)) == getpid())
        // It is only asked: the listener goes on, and another address of the same port is free.
        #expect(process(ListenProbe.tcp(host: "localhost", port: port)) == getpid())
        #expect(ListenProbe.tcp(host: "127.0.0.2", port: port) == .free)
        listener.end()
        #expect(ListenProbe.tcp(host: "127.0.0.1", port: port) == .free)
        #expect(ListenProbe.tcp(host: "127.0.0.1", port: 0) == .free)
    }

    @Test func aProbeIsInNobodysWay() throws {
        let first = try Listener("127.0.0.1")
        let port = first.port
        first.end()
        #expect(ListenProbe.tcp(host: "127.0.0.1", port: port) == .free)
        let second = try Listener("127.0.0.1", port: UInt16(port))
        second.end()
    }

    @Test func addressesOfOtherMachinesAreRefused() throws {
        // RFC 5737: for documentation.
        #expect(
            ListenProbe.tcp(host: "192.0.2.1", port: 7077)
                == .impossible("no network interface of this machine has that address"))
        #expect(
            ListenProbe.tcp(host: "nowhere.invalid", port: 7077)
                == .impossible("the name nowhere.invalid has no address"))
    }

    @Test func sockets() throws {
        let directory = TemporaryDirectory()
        // In short: a socket's path has at most 107 bytes.
        let path = "/tmp/apus-probe-\(getpid())"
        unlink(path)
        #expect(ListenProbe.unix(path: path) == .free)
        let listener = try Listener(path: path)
        #expect(process(ListenProbe.unix(path: path)) == getpid())
        listener.end()
        // What a process that was killed leaves behind.
        #expect(ListenProbe.unix(path: path) == .free)
        unlink(path)
        #expect(
            ListenProbe.unix(path: directory.file("missing/apus.sock"))
                == .impossible(
                    "the folder \(directory.file("missing")) cannot be written to: No such file or directory"))
        try directory.write("text", to: "file")
        #expect(ListenProbe.unix(path: directory.file("file")) == .impossible("what is there is no socket"))
    }
}

extension TemporaryDirectory {
    fileprivate func write(_ text: String, to name: String) throws {
        let file = open(self.file(name), O_WRONLY | O_CREAT, 0o600)
        defer { close(file) }
        try #require(
            Array(text.utf8).withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) } == text.utf8.count)
    }
}
