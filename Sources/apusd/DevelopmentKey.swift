internal import Access
internal import Foundation
internal import SMSModel
internal import SecretFiles

/// The key of `apusd dev`: made at its first start, the same at every other.
enum DevelopmentKey {
    /// Reads DIR/dev.key, or makes it with mode 0600.
    static func readOrMake(at path: String) throws -> String {
        if FileManager.default.fileExists(atPath: path) {
            let text: String
            do throws(SecretFileError) {
                text = try SecretFile.read(path, limit: Limits.credentialsFileBytes)
            } catch {
                throw DaemonError(text: error.description, exitCode: 1)
            }
            let key = text.trimmingCharacters(in: .whitespacesAndNewlines)
            guard Array(key.utf8).withUnsafeBytes({ APIKey.isWellFormed($0) }) else {
                throw DaemonError(
                    text: "\(path) holds no key: remove it, and the next start makes a new one", exitCode: 1)
            }
            return key
        }
        var random = SystemRandomNumberGenerator()
        let bytes = (0..<32).map { _ in UInt8.random(in: 0...255, using: &random) }
        let key = bytes.withUnsafeBytes { APIKey.make(random: $0) }
        guard
            FileManager.default.createFile(
                atPath: path, contents: Data((key + "\n").utf8), attributes: [.posixPermissions: 0o600])
        else { throw DaemonError(text: "\(path) cannot be written", exitCode: 1) }
        return key
    }

    /// Leaves word of where the development gateway is, so that `apus` finds it from any directory. Best effort:
    /// without a home directory the gateway serves all the same.
    ///
    /// - Parameter ca: who signed the gateway's certificate; nil = it made none.
    static func announce(address: String, keyPath: String, ca: String?, environment: [String: String]) {
        guard
            let folder = environment["XDG_CONFIG_HOME"].flatMap({ $0.isEmpty ? nil : $0 })
                ?? environment["HOME"].map({ $0 + "/.config" })
        else { return }
        let directory = folder + "/apus"
        try? FileManager.default.createDirectory(
            atPath: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        var words = ["server": address, "key_file": keyPath]
        words["ca"] = ca
        guard
            let json = try? JSONSerialization.data(
                withJSONObject: words, options: [.sortedKeys, .withoutEscapingSlashes])
        else { return }
        try? json.write(to: URL(fileURLWithPath: directory + "/dev.json"), options: .atomic)
    }
}
