internal import ApusClient
internal import Foundation
internal import Testing

extension DaemonTests {
    /// Databases that must not be served, and must not be touched either.
    @Suite struct DamageTests {
        private let directory = TestDirectory()

        @Test(.timeLimit(.minutes(5))) func aDamagedFileIsRefused() async throws {
            let file = try await fill()
            let page = 4096
            var bytes = try content(file)
            try #require(bytes.count > 20 * page)
            // Every other page of the middle, so that some tree is hit for sure.
            for number in stride(from: bytes.count / page / 3, to: bytes.count / page * 2 / 3, by: 2) {
                for place in 0..<64 { bytes[number * page + place] ^= 0xFF }
            }
            try bytes.write(to: URL(fileURLWithPath: file))
            try await refuses(file, saying: "is damaged")
        }

        @Test(.timeLimit(.minutes(5))) func aCutFileIsRefused() async throws {
            let file = try await fill()
            let bytes = try content(file)
            try bytes.prefix(bytes.count / 2 / 4096 * 4096).write(to: URL(fileURLWithPath: file))
            try await refuses(file, saying: "is damaged")
        }

        @Test(.timeLimit(.minutes(5))) func aNewerVersionIsRefused() async throws {
            let file = try await fill()
            try Database(file).execute("PRAGMA user_version = 99")
            try await refuses(file, saying: "has schema version 99")
        }

        @Test(.timeLimit(.minutes(5)), arguments: ["DELETE", "WAL"])
        func anotherProgramsDatabaseIsRefused(journal: String) async throws {
            try await withDaemon(in: directory) { _, _ in }
            try removeDays()
            let file = directory.database(of: Date.now)
            do {
                let database = try Database(file)
                try database.execute("PRAGMA journal_mode = \(journal)")
                try database.execute("CREATE TABLE theirs (a); INSERT INTO theirs VALUES (1)")
            }
            try await refuses(file, saying: "is not a database of Apus")
        }

        @Test(.timeLimit(.minutes(5))) func aFileThatIsNoDatabaseIsRefused() async throws {
            try await withDaemon(in: directory) { _, _ in }
            try removeDays()
            let file = directory.database(of: Date.now)
            let text = String(repeating: "Not a database at all. ", count: 1000)
            try Data(text.utf8).write(to: URL(fileURLWithPath: file))
            try await refuses(file, saying: file)
        }

        /// The start ends with 1 and those words, and leaves the file as it was.
        private func refuses(_ file: String, saying words: String) async throws {
            let before = try content(file)
            let failure = try await DaemonProcess.fail(in: directory)
            #expect(failure.exit == .code(1))
            #expect(failure.errors.contains(words), "\(failure.errors)")
            #expect(failure.errors.contains(file), "\(failure.errors)")
            #expect(try content(file) == before, "the file was changed")
        }

        /// - Returns: the file of a day with messages, the only one that there is.
        private func fill() async throws -> String {
            let last = try await withDaemon(in: directory) { _, client in
                let messages = (0..<2000).map { OutgoingMessage(to: Load.number($0), body: "filling \($0)") }
                _ = try await client.bulk(messages, batch: "filling")
                _ = try await client.waitUntilSettled(batch: .name("filling"), timeout: .seconds(60))
                return try await client.newestID()
            }
            let file = directory.database(of: last)
            // All of it in one file.
            try Database(file).execute("PRAGMA wal_checkpoint(TRUNCATE)")
            // Shortly before midnight there is the next day's file too.
            try removeDays(butFor: file)
            return file
        }

        private func removeDays(butFor kept: String = "") throws {
            for name in try FileManager.default.contentsOfDirectory(atPath: directory.days) {
                let path = directory.days + "/" + name
                if kept.isEmpty || !path.hasPrefix(kept) { try FileManager.default.removeItem(atPath: path) }
            }
        }

        private func content(_ file: String) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: file)) }
    }
}
