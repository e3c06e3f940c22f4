internal import Foundation
internal import Logging
internal import TLS

/// Reads the certificates again at SIGHUP and when their files have changed, while the daemon serves.
struct CertificateWatch: Sendable {
    /// From the same files.
    let credentials: [TLSServerCredentials]
    let watchSeconds: Int
    let log: Logger

    /// Watches the files until cancelled.
    func run() async {
        if watchSeconds > 0 { await watchFiles() }
    }

    private func watchFiles() async {
        var known = fingerprints()
        while (try? await Task.sleep(for: .seconds(watchSeconds))) != nil {
            let now = fingerprints()
            guard now != known else { continue }
            // Also after a failure: a certificate whose key is still to come is read again when that changes.
            known = now
            reload("changed files")
        }
    }

    func reload(_ reason: Logger.MetadataValue) {
        do throws(TLSError) {
            for credentials in credentials { try credentials.reload() }
            log.notice(
                "certificates read again",
                metadata: ["because": reason, "subject": "\(credentials.first?.current.certificate?.subject ?? "")"])
        } catch {
            log.error(
                "the new certificates cannot be used; those of before stay", metadata: ["error": "\(error)"])
        }
    }

    private struct Fingerprint: Equatable {
        var inode: UInt64?
        var size: UInt64?
        var modified: Date?
    }

    /// Reads each file's fingerprint; nil where the file is not there.
    private func fingerprints() -> [Fingerprint?] {
        credentials.flatMap(\.options.files).map { path in
            // Attributes are those of a link itself, and certificates are often replaced behind one.
            let target = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
            guard let attributes = try? FileManager.default.attributesOfItem(atPath: target) else { return nil }
            return Fingerprint(
                inode: (attributes[.systemFileNumber] as? NSNumber)?.uint64Value,
                size: (attributes[.size] as? NSNumber)?.uint64Value,
                modified: attributes[.modificationDate] as? Date)
        }
    }
}
