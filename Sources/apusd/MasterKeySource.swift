internal import ConfigurationModel
internal import Foundation
internal import Gateway
internal import Secrets
internal import Storage

/// Where the master key is, which secrets of the configuration are encrypted with.
struct MasterKeySource {
    /// Setting `master-key-file`; "" = none.
    var file: String
    /// `APUS_MASTER_KEY`; nil or "" = none.
    var variable: String?
    /// Where `apusd dev` makes one by itself; nil for `apusd serve`.
    var ownFile: String?

    private static let checkName = "master-key-check"

    /// How secrets are kept, once it is known that the key is the one that they were sealed with.
    ///
    /// - Parameter store: in no round.
    /// - Throws: ``DaemonError`` if there are secrets, and no key or another one.
    func sealing(for state: AdministrationState, _ store: any MessageStore) throws -> SecretSealing {
        guard let key = try read() else {
            guard !state.configuration.hasSecrets else {
                throw DaemonError(
                    text: "the configuration has secrets, and there is no master key to open them: set master-key-file "
                        + "or APUS_MASTER_KEY to the one that they were sealed with", exitCode: 1)
            }
            return SecretSealing(seal: nil) { (_, _) throws(SecretError) in throw .notOpened }
        }
        let box = SecretBox(key)
        try check(box, state, store)
        return SecretSealing { secret, context in
            try box.seal(secret, context: context)
        } open: { sealed, context in
            try box.open(sealed, context: context)
        }
    }

    private func check(_ box: SecretBox, _ state: AdministrationState, _ store: any MessageStore) throws {
        do throws(StoreError) {
            let known = try store.administration.value(Self.checkName)
            if let known, box.isRight(known) { return }
            guard !state.configuration.hasSecrets else {
                throw .failed(
                    "the master key is not the one that the configuration's secrets were sealed with: set "
                        + "master-key-file or APUS_MASTER_KEY to that one")
            }
            guard let check = try? box.makeCheck() else { throw .failed("the system gives no random bytes") }
            try store.begin()
            try store.administration.setValue(Self.checkName, check)
            try store.commit()
        } catch {
            throw DaemonError(text: error.text, exitCode: 1)
        }
    }

    private func read() throws -> MasterKey? {
        if !file.isEmpty {
            guard let text = try? String(contentsOfFile: file, encoding: .utf8) else {
                throw DaemonError(text: "master-key-file \(file) cannot be read", exitCode: 1)
            }
            return try key(text, "master-key-file \(file)")
        }
        if let variable, !variable.isEmpty { return try key(variable, "APUS_MASTER_KEY") }
        guard let ownFile else { return nil }
        if let text = try? String(contentsOfFile: ownFile, encoding: .utf8) { return try key(text, ownFile) }
        let digits = (0..<MasterKey.bytes).map { _ in
            let byte = UInt8.random(in: 0...255)
            return String(byte >> 4, radix: 16) + String(byte & 15, radix: 16)
        }.joined()
        guard
            FileManager.default.createFile(
                atPath: ownFile, contents: Data((digits + "\n").utf8), attributes: [.posixPermissions: 0o600])
        else { throw DaemonError(text: "\(ownFile) cannot be written", exitCode: 1) }
        return try key(digits, ownFile)
    }

    private func key(_ text: String, _ source: String) throws -> MasterKey {
        do throws(SecretError) {
            return try MasterKey(text)
        } catch {
            throw DaemonError(text: "\(source): \(error)", exitCode: 1)
        }
    }
}
