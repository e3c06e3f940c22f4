internal import GatewayTestKit
internal import Glibc
internal import Testing

@testable internal import Storage

@Suite struct DataDirectoryTests {
    private let directory = TemporaryDirectory()

    /// Anyone who tidies up the directory of a running gateway does not let a second one in.
    @Test func itIsLockedWhateverIsRemovedFromIt() throws {
        let path = directory.file("data")
        do {
            let first = try DataDirectory(path: path)
            for prepare in [{}, { unlink(path + "/lock") }, { _ = rename(path + "/lock", path + "/old") }]
                as [() -> Void]
            {
                prepare()
                guard
                    case .locked(let text)? = #expect(
                        throws: StoreError.self,
                        performing: {
                            _ = try DataDirectory(path: path)
                        })
                else {
                    Issue.record("a second one was let in")
                    return
                }
                #expect(text.hasPrefix("the data directory \(path) is in use by "), "\(text)")
            }
            withExtendedLifetime(first) {}
        }
        // Once it is gone the next may have it.
        _ = try DataDirectory(path: path)
    }
}
