internal import ArgumentParser
internal import TLS

extension Apusd {
    struct Certificates: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "certs",
            abstract: "Make a private CA, and certificates for a server and its clients.",
            discussion: """
                Writes ca.pem, ca.key, server.pem, server.key and, for each client, NAME.pem and NAME.key. An authority \
                that is there already stays, and signs the new certificates. For trying TLS out, and for a few machines.
                """)

        @Argument(help: "Where the files go.")
        var directory: String

        @Option(
            help: ArgumentHelp(
                "A name or IP address of the server, repeatable. Default: localhost, 127.0.0.1 and ::1.",
                valueName: "name"))
        var host: [String] = []

        @Option(help: ArgumentHelp("Make a certificate of that name for a client; repeatable.", valueName: "name"))
        var client: [String] = []

        func run() throws {
            do throws(TLSError) {
                let authority = try PrivateAuthority(directory: directory)
                try authority.issue("server", usage: .server, hosts: host.isEmpty ? Self.localHosts : host)
                for name in client { try authority.issue(name, usage: .client, hosts: [name]) }
            } catch {
                throw DaemonError(text: error.description, exitCode: 1)
            }
            for name in ["ca", "server"] + client { print("\(directory)/\(name).pem") }
        }

        static let localHosts = ["localhost", "127.0.0.1", "::1"]
    }
}
