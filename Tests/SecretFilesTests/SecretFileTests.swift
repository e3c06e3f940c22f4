import Glibc
import Testing

@testable import SecretFiles

@Suite struct SecretFileTests {
    /// The rule, at each of its edges: who owns the file, who reads it, and what its mode allows.
    @Test(
        arguments: [
            // mode, owner, reader, whether it is refused
            (0o600, 1000, 1000, false), (0o400, 1000, 1000, false), (0o000, 1000, 1000, false),
            (0o700, 1000, 1000, false),
            (0o640, 1000, 1000, true), (0o610, 1000, 1000, true), (0o620, 1000, 1000, true),
            (0o604, 1000, 1000, true), (0o602, 1000, 1000, true), (0o601, 1000, 1000, true), (0o644, 1000, 1000, true),
            (0o600, 0, 1000, false), (0o640, 0, 1000, false), (0o440, 0, 1000, false), (0o660, 0, 1000, true),
            (0o650, 0, 1000, true), (0o644, 0, 1000, true), (0o604, 0, 1000, true), (0o444, 0, 1000, true),
            (0o600, 1001, 1000, true), (0o400, 1001, 1000, true), (0o640, 1001, 1000, true),
            (0o600, 0, 0, false), (0o640, 0, 0, false), (0o644, 0, 0, true), (0o600, 1000, 0, false),
            (0o640, 1000, 0, true), (0o100600, 1000, 1000, false), (0o100644, 1000, 1000, true),
        ] as [(UInt32, UInt32, UInt32, Bool)])
    func whoMayReadIt(_ mode: UInt32, _ owner: UInt32, _ reader: UInt32, _ isRefused: Bool) {
        let exposure = SecretFile.exposure(mode: mode, owner: owner, reader: reader)
        #expect((exposure != nil) == isRefused, "\(String(mode, radix: 8)) of \(owner), read by \(reader)")
    }

    /// The rule for directories that lead to it.
    @Test(
        arguments: [
            // mode, owner, the file's owner, reader, whether it is safe
            (0o755, 0, 1000, 1000, true), (0o700, 1000, 1000, 1000, true), (0o755, 1000, 1000, 1000, true),
            (0o775, 1000, 1000, 1000, false), (0o757, 1000, 1000, 1000, false), (0o777, 0, 0, 0, false),
            (0o1777, 0, 1000, 1000, true), (0o1777, 1001, 1000, 1000, false), (0o40755, 0, 0, 1000, true),
            (0o755, 1001, 1000, 1000, false), (0o755, 1001, 1001, 0, true), (0o755, 1001, 0, 0, false),
        ] as [(UInt32, UInt32, UInt32, UInt32, Bool)])
    func whoMayReplaceIt(_ mode: UInt32, _ owner: UInt32, _ fileOwner: UInt32, _ reader: UInt32, _ isSafe: Bool) {
        #expect(SecretFile.isSafe(directory: mode, owner: owner, fileOwner: fileOwner, reader: reader) == isSafe)
    }

    /// What leads to the file counts where the file is, not where a link to it is.
    @Test func othersMustNotReplaceIt() throws {
        let outer = "/tmp/apus-secret-\(UInt64.random(in: 0...UInt64.max))"
        let (inner, path, link) = (outer + "/inner", outer + "/inner/key", outer + "-link")
        mkdir(outer, 0o700)
        mkdir(inner, 0o700)
        symlink(path, link)
        let file = open(path, O_WRONLY | O_CREAT | O_EXCL, 0o600)
        #expect(write(file, "secret", 6) == 6)
        close(file)
        defer {
            unlink(path)
            unlink(link)
            rmdir(inner)
            rmdir(outer)
        }
        for (directory, mode) in [(outer, 0o770), (outer, 0o707), (inner, 0o770)] as [(String, mode_t)] {
            chmod(directory, mode)
            for path in [path, link] {
                let error = #expect(throws: SecretFileError.self) { _ = try SecretFile.read(path, limit: 10) }
                let text = error?.description ?? ""
                #expect(
                    text.hasPrefix("\(path) can be replaced by others, who can write to \(directory): "), "\(text)")
            }
            chmod(directory, 0o700)
        }
        #expect(try SecretFile.read(link, limit: 10) == "secret")
        chmod(outer, 0o1777)
        #expect(try SecretFile.read(link, limit: 10) == "secret")
    }

    @Test func itIsReadAsItsModeAllows() throws {
        let path = "/tmp/apus-secret-\(UInt64.random(in: 0...UInt64.max))"
        defer { unlink(path) }
        let file = open(path, O_WRONLY | O_CREAT | O_EXCL, 0o600)
        #expect(write(file, "apus_secret\n", 12) == 12)
        close(file)
        #expect(try SecretFile.read(path, limit: 100) == "apus_secret\n")
        #expect(try SecretFile.read(path, limit: 12) == "apus_secret\n")
        try SecretFile.check(path)
        let long = #expect(throws: SecretFileError.self) { _ = try SecretFile.read(path, limit: 11) }
        #expect(long?.description == "\(path) cannot be read: it has more than 11 bytes")

        chmod(path, 0o644)
        for read in [{ _ = try SecretFile.read(path, limit: 100) }, { try SecretFile.check(path) }]
            as [() throws -> Void]
        {
            let error = #expect(throws: SecretFileError.self, performing: read)
            let text = error?.description ?? ""
            #expect(text.hasPrefix("\(path) can be read by others (mode 0644): `chmod "), "\(text)")
            #expect(!text.contains("apus_secret"))
        }
        // What it links to counts, not the link.
        let link = path + "-link"
        symlink(path, link)
        defer { unlink(link) }
        #expect(throws: SecretFileError.self) { try SecretFile.check(link) }
        chmod(path, 0o600)
        try SecretFile.check(link)

        unlink(path)
        for read in [{ _ = try SecretFile.read(path, limit: 100) }, { try SecretFile.check(path) }]
            as [() throws -> Void]
        {
            let error = #expect(throws: SecretFileError.self, performing: read)
            #expect(error?.description == "\(path) cannot be read: No such file or directory")
        }
    }

    /// `--key-file <(command)` of a shell.
    @Test func aPipeHasNoPermissionsToJudge() throws {
        var ends: [Int32] = [0, 0]
        #expect(pipe(&ends) == 0)
        #expect(write(ends[1], "secret", 6) == 6)
        close(ends[1])
        defer { close(ends[0]) }
        #expect(try SecretFile.read("/proc/self/fd/\(ends[0])", limit: 100) == "secret")
    }

    @Test func bytesThatAreNoTextAreRefused() throws {
        let path = "/tmp/apus-secret-\(UInt64.random(in: 0...UInt64.max))"
        defer { unlink(path) }
        let file = open(path, O_WRONLY | O_CREAT | O_EXCL, 0o600)
        #expect([UInt8(0xFF), 0xFE].withUnsafeBytes { write(file, $0.baseAddress, 2) } == 2)
        close(file)
        let error = #expect(throws: SecretFileError.self) { _ = try SecretFile.read(path, limit: 100) }
        #expect(error?.description == "\(path) cannot be read: it is no UTF-8")
    }
}
