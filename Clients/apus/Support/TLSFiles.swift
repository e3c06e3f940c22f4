internal import ArgumentParser

/// Files for TLS, PEM each: whom a command trusts, and what it shows of itself.
struct TLSFiles: Equatable {
    var ca: String?
    var cert: String?
    var certKey: String?

    /// What is named here; where nothing is, what the others say. A certificate and its key go together.
    func orElse(_ other: TLSFiles) -> TLSFiles {
        let hasOwn = cert != nil || certKey != nil
        return TLSFiles(
            ca: ca ?? other.ca, cert: hasOwn ? cert : other.cert, certKey: hasOwn ? certKey : other.certKey)
    }
}

/// The options that name them.
struct TLSOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Who signs the gateway's certificate (default: whom the system trusts). [APUS_CA]", valueName: "file"))
    var ca: String?

    @Option(
        help: ArgumentHelp("A certificate of yours, where the gateway asks for one. [APUS_CERT]", valueName: "file"))
    var cert: String?

    @Option(help: ArgumentHelp("The certificate's key. [APUS_CERT_KEY]", valueName: "file"))
    var certKey: String?

    var files: TLSFiles { TLSFiles(ca: ca, cert: cert, certKey: certKey) }
}
