import Foundation
import Testing

@testable import apus

@Suite struct ContextTests {
    /// A directory of its own for a home and a working directory.
    private struct Place {
        let home: String
        let work: String

        init() throws {
            let base = FileManager.default.temporaryDirectory.path + "/apus-\(UInt64.random(in: 0...UInt64.max))"
            home = base + "/home"
            work = base + "/work"
            for folder in [home, work] {
                try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            }
        }

        func locator(_ environment: [String: String] = [:]) -> ServerLocator {
            ServerLocator(
                environment: environment.merging(["HOME": home]) { mine, _ in mine }, workingDirectory: work)
        }

        func write(_ text: String, to path: String) throws {
            let folder = URL(filePath: path).deletingLastPathComponent().path
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            try Data(text.utf8).write(to: URL(filePath: path))
        }

        func addDevelopmentPointer() throws {
            try write("pointer-key\n", to: home + "/dev.key")
            try write(
                #"{"server": "unix:/elsewhere/apus.sock", "key_file": "\#(home)/dev.key"}"#,
                to: home + "/.config/apus/dev.json")
        }

        func addLocalData() throws {
            try write("", to: work + "/apus-data/apus.sock")
            try write("local-key\n", to: work + "/apus-data/dev.key")
        }

        func addContext() throws {
            var file = try ContextFile(path: locator().contextsPath)
            file.set("prod", StoredContext(server: "tcp:sms.example:7700", key: "context-key"))
            try file.save()
        }
    }

    @Test func knowsNothingAtFirst() throws {
        let place = try Place()
        let failure = #expect(throws: CommandFailure.self) {
            _ = try place.locator().locate(server: nil, key: nil, keyFile: nil)
        }
        #expect(failure?.status == .usage)
    }

    @Test func theNearerPlaceCountsMore() throws {
        let place = try Place()
        func found(_ environment: [String: String] = [:], server: String? = nil) throws -> [String?] {
            let endpoint = try place.locator(environment).locate(server: server, key: nil, keyFile: nil)
            return [endpoint.server, endpoint.key]
        }
        try place.addDevelopmentPointer()
        #expect(try found() == ["unix:/elsewhere/apus.sock", "pointer-key"])
        try place.addLocalData()
        #expect(try found() == ["unix:\(place.work)/apus-data/apus.sock", "local-key"])
        try place.addContext()
        #expect(try found() == ["tcp:sms.example:7700", "context-key"])
        #expect(try found(["APUS_SERVER": "tcp:env:1"]) == ["tcp:env:1", nil])
        #expect(try found(["APUS_SERVER": "tcp:env:1"], server: "tcp:flag:2") == ["tcp:flag:2", nil])
        #expect(try found(["APUS_SERVER": ""]) == ["tcp:sms.example:7700", "context-key"])
        // An address that is known has its key.
        #expect(try found(server: "unix:/elsewhere/apus.sock") == ["unix:/elsewhere/apus.sock", "pointer-key"])
    }

    @Test func theKeyThatIsGivenCountsMore() throws {
        let place = try Place()
        try place.addContext()
        try place.write(" file-key \n", to: place.home + "/key")
        let file = place.home + "/key"
        func key(_ environment: [String: String] = [:], key: String? = nil, file: String? = nil) throws -> String? {
            try place.locator(environment).locate(server: nil, key: key, keyFile: file).key
        }
        #expect(try key() == "context-key")
        #expect(try key(["APUS_KEY_FILE": file]) == "file-key")
        #expect(try key(["APUS_KEY_FILE": file, "APUS_KEY": "env-key"]) == "env-key")
        #expect(try key(["APUS_KEY": "env-key"], file: file) == "file-key")
        #expect(try key(["APUS_KEY": "env-key"], key: "flag-key", file: file) == "flag-key")
    }

    @Test func filesForTLSAreTheNearest() throws {
        let place = try Place()
        var file = try ContextFile(path: place.locator().contextsPath)
        file.set(
            "prod",
            StoredContext(server: "tls:sms.example:7443", key: "k", ca: "/ca", cert: "/cert", certKey: "/cert.key"))
        try file.save()
        func found(_ environment: [String: String] = [:], server: String? = nil, _ files: TLSFiles = TLSFiles()) throws
            -> TLSFiles
        {
            try place.locator(environment).locate(server: server, key: nil, keyFile: nil, tls: files).tls
        }
        let stored = TLSFiles(ca: "/ca", cert: "/cert", certKey: "/cert.key")
        #expect(try found() == stored)
        #expect(try found(server: "tls:sms.example:7443") == stored)
        #expect(try found(server: "tls:other.example:7443") == TLSFiles())
        #expect(try found(["APUS_CA": "/env"]) == TLSFiles(ca: "/env", cert: "/cert", certKey: "/cert.key"))
        #expect(try found(["APUS_CA": "/env"], TLSFiles(ca: "/flag")).ca == "/flag")
        // A certificate and its key come from one place.
        let own = try found(["APUS_CERT": "/mine"])
        #expect(own.cert == "/mine" && own.certKey == nil && own.ca == "/ca")
        #expect(try found(["APUS_CERT": "/mine", "APUS_CERT_KEY": "/mine.key"]).certKey == "/mine.key")
    }

    @Test func aKeyFileThatCannotBeReadIsAMistake() throws {
        let place = try Place()
        try place.addContext()
        try place.write(" \n", to: place.home + "/empty")
        for file in ["/nowhere", place.home + "/empty"] {
            let failure = #expect(throws: CommandFailure.self) {
                _ = try place.locator().locate(server: nil, key: nil, keyFile: file)
            }
            #expect(failure?.status == .usage)
        }
    }

    @Test func foldersFollowTheEnvironment() throws {
        let place = try Place()
        #expect(place.locator().contextsPath == place.home + "/.config/apus/contexts.json")
        #expect(place.locator(["XDG_CONFIG_HOME": "/x"]).contextsPath == "/x/apus/contexts.json")
        #expect(place.locator(["XDG_CONFIG_HOME": "/x"]).developmentPath == "/x/apus/dev.json")
        #expect(place.locator(["APUS_CONFIG": "/y.json", "XDG_CONFIG_HOME": "/x"]).contextsPath == "/y.json")
    }

    @Test func contextsAreKept() throws {
        let place = try Place()
        let path = place.locator().contextsPath
        var file = try ContextFile(path: path)
        #expect(file.names.isEmpty && file.current == nil)
        file.set("a", StoredContext(server: "unix:/a", key: "k"))
        file.set("b", StoredContext(server: "unix:/b", keyFile: "/b.key"))
        try file.save()

        var again = try ContextFile(path: path)
        #expect(again == file)
        #expect(again.names == ["a", "b"] && again.currentName == "a")
        #expect(again.use("b") && !again.use("c"))
        #expect(again.current?.keyFile == "/b.key")
        #expect(again.delete("b") && !again.delete("b"))
        #expect(again.current == nil)
        try again.save()
        #expect(try ContextFile(path: path).names == ["a"])
    }

    @Test func onlyTheOwnerReadsTheFile() throws {
        let place = try Place()
        try place.addContext()
        let attributes = try FileManager.default.attributesOfItem(atPath: place.locator().contextsPath)
        #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o600)
    }

    @Test func aDamagedFileIsNamed() throws {
        let place = try Place()
        let path = place.locator().contextsPath
        try place.write("{", to: path)
        let failure = #expect(throws: CommandFailure.self) { _ = try ContextFile(path: path) }
        #expect(failure?.what.contains(path) == true)
    }
}
