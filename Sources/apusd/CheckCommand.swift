internal import ArgumentParser
internal import Foundation
internal import RPCTransport
internal import Storage
internal import WebGateway

extension Apusd {
    struct Check: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Check whether `apusd serve` would start: the configuration, its files, addresses and database.",
            discussion: """
                Changes nothing, and may run alongside a daemon that serves as configured. What it may read and where it \
                may listen depends on the user: run it as the one that the service runs as. Exits with 1 if there are \
                faults.
                """)

        @Option(name: .long, help: "The configuration file (YAML).")
        var config: String

        @OptionGroup var options: ServingOptions

        func run() async throws {
            let environment = ProcessInfo.processInfo.environment
            var configuration = try await DaemonConfiguration.load(file: config, environment: environment)
            options.apply(to: &configuration)
            try configuration.check()
            let findings = ServeCheck(configuration: configuration, environment: environment).run(now: Date())
            guard findings.faults.isEmpty else {
                throw ConfigurationProblems(problems: findings.faults + findings.warnings)
            }
            for warning in findings.warnings { Apusd.complain("warning: \(warning)") }
            for note in findings.notes { print(note) }
            print("\(config): no faults found")
            let path = configuration.data
            guard DataDirectory.holdsData(path) else {
                print("\(path): no data yet; the first start makes it")
                return
            }
            try Verify.verify(path)
        }
    }
}

/// What would keep `apusd serve` from starting, beyond the settings themselves. It changes nothing.
struct ServeCheck {
    var configuration: DaemonConfiguration
    var environment: [String: String]

    /// Each a sentence.
    struct Findings {
        /// What keeps it from serving.
        var faults: [String] = []
        /// What soon will.
        var warnings: [String] = []
        var notes: [String] = []
    }

    /// - Parameter now: for the ends of certificates.
    func run(now: Date) -> Findings {
        var findings = Findings()
        let expiries = configuration.tls.expiries(now: now)
        findings.faults += expiries.over
        findings.warnings += expiries.soon
        findings.faults += faults { _ = try APIKeyFile.read(configuration.keyFile) }
        findings.faults += faults { try checkMasterKey() }
        if let fault = dataFault() {
            findings.faults.append(fault)
        } else if DataDirectory.holdsData(configuration.data) {
            findings.faults += faults { try SQLiteBackup.refuse(configuration.data) }
        }
        let holder = DataDirectory.holder(of: configuration.data)
        if let holder { findings.notes.append("\(configuration.data): apusd, process \(holder), serves it now") }
        do {
            try checkAddresses(holder, &findings)
        } catch {
            findings.faults += error.problems
        }
        return findings
    }

    /// What a check throws, as sentences.
    private func faults(_ check: () throws -> Void) -> [String] {
        do {
            try check()
            return []
        } catch let error as DaemonError {
            return [error.text]
        } catch let error as StoreError {
            return [error.text]
        } catch {
            return ["\(error)"]
        }
    }

    private func checkMasterKey() throws {
        let source = MasterKeySource(
            file: configuration.masterKeyFile, variable: environment["APUS_MASTER_KEY"], ownFile: nil)
        // Why a database can't be read is told by its verification.
        let reader = try? SQLiteStatusReader(directory: configuration.data)
        try source.check(DataDirectory.holdsData(configuration.data) ? reader?.administration : nil)
    }

    private func dataFault() -> String? {
        let path = configuration.data
        var isDirectory: ObjCBool = false
        if FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) {
            guard isDirectory.boolValue else { return "data: \(path) is no directory" }
            return access(path, R_OK | W_OK | X_OK) == 0
                ? nil : "data: the directory \(path) cannot be used: \(String(cString: strerror(errno)))"
        }
        let parent = URL(fileURLWithPath: path).deletingLastPathComponent().path
        return access(parent, W_OK | X_OK) == 0
            ? nil : "data: the directory \(path) cannot be made: \(parent): \(String(cString: strerror(errno)))"
    }

    // MARK: Addresses

    private func checkAddresses(_ holder: Int32?, _ findings: inout Findings) throws(ConfigurationProblems) {
        var seen: Set<String> = []
        for (name, probe) in try probes() {
            // Each of several `:0` gets a port of its own.
            if !seen.insert(name).inserted, !name.hasSuffix(":0") {
                findings.faults.append("\(name) is given twice")
                continue
            }
            switch probe() {
            case .free: continue
            case .impossible(let why): findings.faults.append("cannot listen at \(name): \(why)")
            case .inUse(let process?) where process.id == holder: continue
            case .inUse(let process?):
                findings.faults.append(
                    "cannot listen at \(name): \(process.name), process \(process.id), listens there")
            case .inUse(nil) where holder != nil:
                findings.warnings.append("\(name) is in use, and this user cannot see whether by the running apusd")
            case .inUse(nil): findings.faults.append("cannot listen at \(name): another process listens there")
            }
        }
    }

    private func probes() throws(ConfigurationProblems) -> [(String, () -> ListenProbe.Finding)] {
        let rpc = try configuration.addresses().map { address -> (String, () -> ListenProbe.Finding) in
            switch address {
            case .unix(let path): (address.description, { isInNewData(path) ? .free : ListenProbe.unix(path: path) })
            case .tcp(let host, let port), .tls(let host, let port):
                (address.description, { ListenProbe.tcp(host: host, port: port) })
            }
        }
        let web = try configuration.webAddresses().map { address in
            (address.description, { ListenProbe.tcp(host: address.host, port: address.port) })
        }
        return rpc + web
    }

    /// Whether a socket is to be in the data directory, and that is still to be made.
    private func isInNewData(_ path: String) -> Bool {
        let folder = URL(fileURLWithPath: path).standardizedFileURL.deletingLastPathComponent().path
        let data = URL(fileURLWithPath: configuration.data).standardizedFileURL.path
        return folder == data && !FileManager.default.fileExists(atPath: data)
    }
}
