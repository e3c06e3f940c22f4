internal import ConfigurationModel
internal import Cryptography
internal import Foundation
internal import GatewayCore
internal import SMSModel
internal import SecretFiles
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
        let known: [UInt8]?
        do throws(StoreError) {
            known = try store.administration.value(Self.checkName)
        } catch {
            throw DaemonError(text: error.text, exitCode: 1)
        }
        guard let (box, isNew) = try box(hasSecrets: state.configuration.hasSecrets, known: known) else {
            return SecretSealing(seal: nil) { (_, _) throws(SecretError) in throw .notOpened }
        }
        if isNew { try keepCheck(of: box, in: store) }
        return SecretSealing { secret, context in
            try box.seal(secret, context: context)
        } open: { sealed, context in
            try box.open(sealed, context: context)
        }
    }

    /// Finds out whether a start would go by with this key, and changes nothing.
    ///
    /// - Parameter reader: nil = there is no data yet.
    /// - Throws: ``DaemonError`` as ``sealing(for:_:)`` does, and ``StoreError``.
    func check(_ reader: AdministrationReader?) throws {
        let configuration = try reader.map { try DynamicConfiguration($0.newest().objects) }
        _ = try box(hasSecrets: configuration?.hasSecrets ?? false, known: reader?.value(Self.checkName))
    }

    /// - Parameter known: what a store keeps of the key that it was used with first; nil = it has been used with none.
    /// - Returns: nil without a key, where none is needed; whether `known` is of another key or none.
    private func box(hasSecrets: Bool, known: [UInt8]?) throws -> (box: SecretBox, isNew: Bool)? {
        guard let key = try read() else {
            guard !hasSecrets else {
                throw DaemonError(
                    text: "the configuration has secrets, and there is no master key to open them: set master-key-file "
                        + "or APUS_MASTER_KEY to the one that they were sealed with", exitCode: 1)
            }
            return nil
        }
        let box = SecretBox(key)
        if let known, box.isRight(known) { return (box, false) }
        guard !hasSecrets else {
            throw DaemonError(
                text: "the master key is not the one that the configuration's secrets were sealed with: set "
                    + "master-key-file or APUS_MASTER_KEY to that one", exitCode: 1)
        }
        return (box, true)
    }

    private func keepCheck(of box: SecretBox, in store: any MessageStore) throws {
        guard let check = try? box.makeCheck() else {
            throw DaemonError(text: "the system gives no random bytes", exitCode: 1)
        }
        do throws(StoreError) {
            try store.begin()
            try store.administration.setValue(Self.checkName, check)
            try store.commit()
        } catch {
            throw DaemonError(text: error.text, exitCode: 1)
        }
    }

    private func read() throws -> MasterKey? {
        if !file.isEmpty { return try key(try text(of: file, "master-key-file "), "master-key-file \(file)") }
        if let variable, !variable.isEmpty { return try key(variable, "APUS_MASTER_KEY") }
        guard let ownFile else { return nil }
        if FileManager.default.fileExists(atPath: ownFile) { return try key(try text(of: ownFile), ownFile) }
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

    private func text(of path: String, _ name: String = "") throws -> String {
        do throws(SecretFileError) {
            return try SecretFile.read(path, limit: Limits.credentialsFileBytes)
        } catch {
            throw DaemonError(text: "\(name)\(error)", exitCode: 1)
        }
    }

    private func key(_ text: String, _ source: String) throws -> MasterKey {
        do throws(SecretError) {
            return try MasterKey(text)
        } catch {
            throw DaemonError(text: "\(source): \(error)", exitCode: 1)
        }
    }
}
