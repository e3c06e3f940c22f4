internal import Access
internal import Foundation
internal import SMSModel
internal import SecretFiles

/// The file with the operator's key, which setting `key-file` names.
enum APIKeyFile {
    /// - Throws: ``DaemonError`` without a file, for one that others may read, and for one that holds no key.
    static func read(_ path: String) throws -> String {
        guard !path.isEmpty else {
            throw DaemonError(
                text: "no API key: set key-file to a file that holds one (`head -c 32 /dev/urandom | base64 | "
                    + "tr '+/' '-_' | tr -d = | sed s/^/apus_/` makes one)", exitCode: 1)
        }
        let text: String
        do throws(SecretFileError) {
            text = try SecretFile.read(path, limit: Limits.credentialsFileBytes)
        } catch {
            throw DaemonError(text: "key-file \(error)", exitCode: 1)
        }
        let key = text.trimmingCharacters(in: .whitespacesAndNewlines)
        guard Array(key.utf8).withUnsafeBytes({ APIKey.isWellFormed($0) }) else {
            throw DaemonError(
                text: "key-file \(path): a key is apus_ and at least 32 of A-Z a-z 0-9 - _", exitCode: 1)
        }
        return key
    }
}
