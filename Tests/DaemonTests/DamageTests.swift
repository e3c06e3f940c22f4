internal import ApusClient
internal import Foundation
internal import Testing

extension DaemonTests {
    /// Databases that must not be served, and must not be touched either.
    @Suite struct DamageTests {
        @Test(.timeLimit(.minutes(5))) func aDamagedFileIsRefused() async throws {
            let directory = TestDirectory()
            try await fill(directory)
            let page = 4096
            var bytes = try content(directory)
            try #require(bytes.count > 20 * page)
            // Every other page of the middle, so that some tree is hit for sure.
            for number in stride(from: bytes.count / page / 3, to: bytes.count / page * 2 / 3, by: 2) {
                for place in 0..<64 { bytes[number * page + place] ^= 0xFF }
            }
            try bytes.write(to: file(directory))
            try await refuses(directory, saying: "is damaged")
        }

        @Test(.timeLimit(.minutes(5))) func aCutFileIsRefused() async throws {
            let directory = TestDirectory()
            try await fill(directory)
            let bytes = try content(directory)
            try bytes.prefix(bytes.count / 2 / 4096 * 4096).write(to: file(directory))
            try await refuses(directory, saying: "is damaged")
        }

        @Test(.timeLimit(.minutes(5))) func aNewerVersionIsRefused() async throws {
            let directory = TestDirectory()
            try await fill(directory)
            try Database(directory.database).execute("PRAGMA user_version = 99")
            try await refuses(directory, saying: "has schema version 99")
        }

        @Test(.timeLimit(.minutes(5)), arguments: ["DELETE", "WAL"])
        func anotherProgramsDatabaseIsRefused(journal: String) async throws {
            let directory = TestDirectory()
            try await withDaemon(in: directory) { _, _ in }
            try removeDay(directory)
            do {
                let database = try Database(directory.database)
                try database.execute("PRAGMA journal_mode = \(journal)")
                try database.execute("CREATE TABLE theirs (a); INSERT INTO theirs VALUES (1)")
            }
            try await refuses(directory, saying: "is not a database of Apus")
        }

        @Test(.timeLimit(.minutes(5))) func aFileThatIsNoDatabaseIsRefused() async throws {
            let directory = TestDirectory()
            try await withDaemon(in: directory) { _, _ in }
            try removeDay(directory)
            let text = String(repeating: "Not a database at all. ", count: 1000)
            try Data(text.utf8).write(to: file(directory))
            try await refuses(directory, saying: directory.database)
        }

        /// The start ends with 1 and those words, and leaves the file as it was.
        private func refuses(_ directory: TestDirectory, saying words: String) async throws {
            let before = try content(directory)
            let failure = try await DaemonProcess.fail(in: directory)
            #expect(failure.exit == .code(1))
            #expect(failure.errors.contains(words), "\(failure.errors)")
            #expect(failure.errors.contains(directory.database), "\(failure.errors)")
            #expect(try content(directory) == before, "the file was changed")
        }

        private func fill(_ directory: TestDirectory) async throws {
            try await withDaemon(in: directory) { _, client in
                let messages = (0..<2000).map { OutgoingMessage(to: Load.number($0), body: "filling \($0)") }
                _ = try await client.bulk(messages, batch: "filling")
                _ = try await client.waitUntilSettled(batch: .name("filling"), timeout: .seconds(60))
            }
            // All of it in one file.
            try Database(directory.database).execute("PRAGMA wal_checkpoint(TRUNCATE)")
        }

        private func removeDay(_ directory: TestDirectory) throws {
            let folder = directory.data + "/days"
            for name in try FileManager.default.contentsOfDirectory(atPath: folder) {
                try FileManager.default.removeItem(atPath: folder + "/" + name)
            }
        }

        private func file(_ directory: TestDirectory) -> URL { URL(fileURLWithPath: directory.database) }

        private func content(_ directory: TestDirectory) throws -> Data { try Data(contentsOf: file(directory)) }
    }
}
