internal import ConfigurationModel
internal import HTTPTransport
internal import SMSModel
internal import SecretFiles

/// Where the credentials of an account of AWS are. Raw values are the configuration's.
private enum CredentialSource: String, CaseIterable {
    case secrets
    case environment
    case profile
}

extension AWSCredentials {
    /// The ones that the settings say; made up where what they say is wrong.
    init(_ reader: inout ProviderReader, environment: [String: String]) {
        self.init(keyID: "-", secret: "-")
        let source = reader.options.choice("credentials", of: CredentialSource.allCases, \.rawValue) ?? .secrets
        let profile = reader.options.option("profile")
        let file = reader.options.option("credentials_file")
        if source != .profile {
            for name in ["profile", "credentials_file"] where reader.options.take(name) != nil {
                reader.options.fault(name, "needs credentials = profile")
            }
        }
        let names = ["access_key_id", "secret_access_key", "session_token"]
        let secrets = names.map { reader.secrets.string($0) }
        if source != .secrets {
            for (name, secret) in zip(names, secrets) where secret != nil {
                reader.secrets.fault(name, "does not fit credentials = \(source.rawValue)")
            }
        }
        switch source {
        case .secrets:
            reader.secrets.require("access_key_id", "secret_access_key")
            self.init(keyID: secrets[0] ?? "-", secret: secrets[1] ?? "-", sessionToken: secrets[2])
        case .environment:
            guard let credentials = AWSCredentials(environment) else {
                reader.options.fault(
                    "credentials", "are not in the gateway's environment: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
                return
            }
            self = credentials
        case .profile:
            self =
                Self.profile(profile ?? "default", of: file ?? Self.defaultFile(environment), &reader.options) ?? self
        }
    }

    private static func profile(_ name: String, of file: String, _ reader: inout MemberReader) -> AWSCredentials? {
        let text: String
        do throws(SecretFileError) {
            text = try SecretFile.read(file, limit: Limits.credentialsFileBytes)
        } catch {
            reader.fault("credentials_file", "\(error)")
            return nil
        }
        guard let settings = AWSProfiles(text)[name] else {
            reader.fault("profile", "there is no [\(name)] in \(file)")
            return nil
        }
        guard let keyID = settings["aws_access_key_id"], let secret = settings["aws_secret_access_key"] else {
            reader.fault("profile", "[\(name)] in \(file) has no aws_access_key_id or no aws_secret_access_key")
            return nil
        }
        return AWSCredentials(keyID: keyID, secret: secret, sessionToken: settings["aws_session_token"])
    }

    private static func defaultFile(_ environment: [String: String]) -> String {
        environment["AWS_SHARED_CREDENTIALS_FILE"] ?? "\(environment["HOME"] ?? "")/.aws/credentials"
    }

    private init?(_ environment: [String: String]) {
        guard let keyID = environment["AWS_ACCESS_KEY_ID"], let secret = environment["AWS_SECRET_ACCESS_KEY"] else {
            return nil
        }
        self.init(keyID: keyID, secret: secret, sessionToken: environment["AWS_SESSION_TOKEN"])
    }
}

/// A file of AWS credentials: `[profile]`, and under it `name = value`. A line that is indented more than the one
/// before it belongs to that, and is passed over; so are comments.
struct AWSProfiles {
    private var profiles: [String: [String: String]] = [:]

    subscript(_ profile: String) -> [String: String]? { profiles[profile] }

    init(_ text: String) {
        var profile: String?
        var indentation: Int?
        for line in text.split(whereSeparator: \.isNewline) {
            let content = Self.trimmed(line)
            guard let first = content.first, first != "#", first != ";" else { continue }
            let depth = line.prefix { $0.isWhitespace }.count
            if let indentation, depth > indentation { continue }
            if first == "[" {
                profile = content.firstIndex(of: "]").map { String(Self.trimmed(content[..<$0].dropFirst())) }
                indentation = nil
                if let profile, profiles[profile] == nil { profiles[profile] = [:] }
            } else if let profile, let equals = content.firstIndex(of: "=") {
                let name = Self.trimmed(content[..<equals]).lowercased()
                profiles[profile]?[name] = String(Self.trimmed(content[equals...].dropFirst()))
                indentation = depth
            }
        }
    }

    private static func trimmed(_ text: Substring) -> Substring {
        var rest = text.drop { $0.isWhitespace }
        while rest.last?.isWhitespace == true { rest.removeLast() }
        return rest
    }
}
