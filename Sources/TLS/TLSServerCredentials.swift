internal import Synchronization

/// A server's certificates as they are now: read again without a restart. Connections keep what they began with.
package final class TLSServerCredentials: Sendable {
    package let options: TLSServerOptions
    private let context: Mutex<TLSContext>

    /// - Throws: ``TLSError/Kind/configuration`` naming the file.
    package init(_ options: TLSServerOptions) throws(TLSError) {
        self.options = options
        context = Mutex(try TLSContext(server: options))
    }

    /// For new connections.
    package var current: TLSContext { context.withLock { $0 } }

    /// Reads all files again. Sessions of before can't be resumed afterwards, so that a list of revoked certificates
    /// holds for everyone who connects.
    ///
    /// - Throws: as `init`; what was there stays in use.
    package func reload() throws(TLSError) {
        let new = try TLSContext(server: options)
        context.withLock { $0 = new }
    }
}
