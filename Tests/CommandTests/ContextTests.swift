import Foundation
import Glibc
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
                environment: environment.merging(["HOME": home]) { mine, _ in mine }, workingDirectory: work,
                serviceSocket: home + "/run/apus.sock", serviceKeyFile: home + "/service.key")
        }

        func write(_ text: String, to path: String, mode: Int = 0o600) throws {
            let folder = URL(filePath: path).deletingLastPathComponent().path
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            #expect(
                FileManager.default.createFile(
                    atPath: path, contents: Data(text.utf8), attributes: [.posixPermissions: mode]))
        }

        func addService() throws {
            try write("", to: home + "/run/apus.sock")
            try write("service-key\n", to: home + "/service.key", mode: 0o600)
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
        try place.addService()
        #expect(try found() == ["unix:\(place.home)/run/apus.sock", "service-key"])
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

    /// Whatever names it: an option, the environment, a context, or a place where keys are looked for.
    @Test func aKeyThatOthersCanReadIsWarnedOf() throws {
        let place = try Place()
        let open = place.home + "/open"
        try place.write("key", to: open, mode: 0o644)
        func warnings(_ environment: [String: String] = [:], keyFile: String? = nil) throws -> [String] {
            var warnings: [String] = []
            var locator = place.locator(environment)
            locator.warn = { warnings.append($0) }
            _ = try locator.locate(server: nil, key: nil, keyFile: keyFile)
            return warnings
        }
        try place.addLocalData()
        for found in [try warnings(keyFile: open), try warnings(["APUS_KEY_FILE": open])] {
            let text = "the key file \(open) can be read by others (mode 0644): `chmod "
            #expect(found.count == 1 && found[0].hasPrefix(text), "\(found)")
        }
        #expect(try warnings() == [])
        chmod(place.work + "/apus-data/dev.key", 0o604)
        #expect(try warnings().count == 1)

        try place.addContext()
        let contexts = place.locator().contextsPath
        #expect(try warnings() == [])
        chmod(contexts, 0o644)
        let found = try warnings()
        #expect(
            found.count == 1 && found[0].hasPrefix("the file of contexts, which holds a key, \(contexts) can be read"))
        // One without a key is nobody's secret.
        try place.write(#"{"current": "a", "contexts": {"a": {"server": "unix:/a"}}}"#, to: contexts, mode: 0o644)
        #expect(try warnings() == [])
    }

    @Test func whoIsNotInTheServicesGroupIsToldSo() throws {
        let place = try Place()
        // The folder can be seen, and nothing in it.
        try place.write("", to: place.home + "/run/other")
        let failure = #expect(throws: CommandFailure.self) {
            _ = try place.locator().locate(server: nil, key: nil, keyFile: nil)
        }
        #expect(failure?.advice?.contains("adduser $USER apus") == true)
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

    // MARK: By name

    @Test func aContextIsNamed() throws {
        let place = try Place()
        var contexts = try ContextFile(path: place.locator().contextsPath)
        contexts.set("one", StoredContext(server: "unix:/one", key: "key-1"))
        contexts.set("two", StoredContext(server: "unix:/two", key: "key-2"))
        try contexts.save()
        func located(_ server: String?, _ context: String?, _ environment: [String: String] = [:]) throws -> Endpoint {
            try place.locator(environment).locate(server: server, context: context, key: nil, keyFile: nil)
        }
        #expect(try located(nil, nil).key == "key-1")
        #expect(try located(nil, "two") == Endpoint(server: "unix:/two", key: "key-2", source: "context two"))
        #expect(try located(nil, nil, ["APUS_CONTEXT": "two"]).key == "key-2")
        #expect(try located(nil, "one", ["APUS_CONTEXT": "two", "APUS_SERVER": "unix:/three"]).key == "key-1")
        #expect(try located(nil, nil, ["APUS_CONTEXT": "two", "APUS_SERVER": "unix:/three"]).server == "unix:/three")
        let failure = #expect(throws: CommandFailure.self) { try located(nil, "three") }
        #expect(failure?.status == .usage && failure?.advice?.contains("one, two") == true)
    }

    /// The file of a key that is not used need not be there.
    @Test func aGivenKeyNeedsNoKeyFile() throws {
        let place = try Place()
        try place.addDevelopmentPointer()
        try FileManager.default.removeItem(atPath: place.home + "/dev.key")
        #expect(throws: CommandFailure.self) {
            _ = try place.locator().locate(server: nil, key: nil, keyFile: nil)
        }
        let endpoint = try place.locator(["APUS_KEY": "mine"]).locate(server: nil, key: nil, keyFile: nil)
        #expect(endpoint.server == "unix:/elsewhere/apus.sock" && endpoint.key == "mine")
    }
}
