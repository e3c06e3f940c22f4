internal import Access
internal import Admission
internal import ConfigurationModel
internal import Engine
internal import Foundation
internal import GatewayCore
internal import HTTPTransport
internal import Logging
internal import NIOCore
internal import NIOPosix
internal import Providers
internal import RPCGateway
internal import RPCTransport
internal import SMSModel
internal import ServiceLifecycle
internal import Storage
internal import TLS
internal import TimeZones
internal import UnixSignals
internal import WebGateway

/// Why the daemon does not start or ends: words for standard error, and its exit code.
struct DaemonError: Error {
    var text: String
    var exitCode: Int32
}

/// All the wiring: what is made, in which order, and how it ends.
struct Daemon {
    let configuration: DaemonConfiguration
    let isDevelopment: Bool
    let log: Logger
    let reload: SettingsReload
    static let agent = "apusd/\(Apusd.version)"

    /// Serves until SIGTERM or SIGINT, then drains.
    func run() async throws {
        let addresses = try configuration.addresses()
        let webAddresses = try configuration.webAddresses()
        // Bodies and numbers are for the owner alone, also in a directory that others may enter.
        umask(0o077)
        // From here on a hang-up never ends the process.
        signal(SIGHUP, SIG_IGN)
        let directory = try storing { () throws(StoreError) in try DataDirectory(path: configuration.data) }
        try checkAddresses(addresses, webAddresses)
        let key = try readKey(directory)
        let clock = GatewayClock(log: log)
        let gateway = try makeGateway(directory, key: key, clock: clock)
        ProcessMemory.giveBack()
        ignoreBrokenPipes()
        let tls = try readCertificates(isUsed: addresses.contains(where: \.isOfTLS)) { $0 }
        let webTLS = try readCertificates(isUsed: webAddresses.contains(where: \.isOfTLS), WebServer.withoutClients)
        let connections = connectionsWithinFileLimit(web: webAddresses.isEmpty ? 0 : Limits.webConnections)
        let server = try await listen(addresses, gateway, tls, connections: connections.rpc)
        let web = try await serveWeb(webAddresses, gateway, webTLS, connections: connections.web)
        gateway.monitor.countConnections { server.connectionCount }
        let installation = InstallationChecks(configuration, isDevelopment: isDevelopment)
        gateway.monitor.examineInstallation { installation.latest() }
        gateway.start()

        let group = ServiceGroup(
            configuration: .init(
                services: [
                    .init(
                        service: ServingGateway(
                            gateway: gateway, server: server, web: web, configuration: configuration))
                ],
                logger: log))
        // Before anybody is told that it serves: a signal right after that must not be lost.
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint)
        let hangUps = await UnixSignalsSequence(trapping: .sighup)
        let credentials = [tls, webTLS].compactMap { $0 }
        let watch =
            credentials.isEmpty
            ? nil
            : CertificateWatch(credentials: credentials, watchSeconds: configuration.tls.watchSeconds, log: log)
        announce(server, web, directory, key: key)
        await withTaskGroup { tasks in
            tasks.addTask { await end(group, on: signals) }
            tasks.addTask { await keepLastUses(gateway) }
            let environment = ProcessInfo.processInfo.environment
            if let watchdog = SystemdWatchdog(environment: environment) {
                tasks.addTask { await watchdog.run(gateway.writer, environment: environment) }
            }
            if let watch { tasks.addTask { await watch.run() } }
            tasks.addTask {
                for await _ in hangUps {
                    watch?.reload("SIGHUP")
                    await reload.run()
                }
            }
            do {
                try await group.run()
            } catch {
                log.error("ended by an error", metadata: ["error": "\(error)"])
            }
            tasks.cancelAll()
        }
        log.notice("stopped")
    }

    // MARK: Parts

    private func readKey(_ directory: DataDirectory) throws -> String {
        if isDevelopment, configuration.keyFile.isEmpty {
            return try DevelopmentKey.readOrMake(at: directory.keyPath)
        }
        return try APIKeyFile.read(configuration.keyFile)
    }

    private func makeGateway(_ directory: DataDirectory, key: String, clock: GatewayClock) throws -> Gateway {
        do {
            return try assembleGateway(directory, key: key, clock: clock)
        } catch let error as StoreError {
            throw DaemonError(text: error.text, exitCode: 1)
        }
    }

    private func assembleGateway(_ directory: DataDirectory, key: String, clock: GatewayClock) throws -> Gateway {
        let store = try SQLiteMessageStore(
            directory: directory.path, options: configuration.store, now: clock.now(), warn: { log.warning("\($0)") })
        let state = try AdministrationState(store, fileTenant: configuration.tenant, now: clock.now())
        let sealing = try sealing(for: state, store, directory)
        let fileTenant = FileTenant(
            name: configuration.tenant, certificates: configuration.tls.tenantCertificates,
            defaultSender: configuration.defaultSender)
        let tenants = state.configuration.entries(state.numbers, fileTenant, sealing)
        var options = configuration.sandbox
        if configuration.sandboxRecords { options.recordPath = directory.sandboxRecordPath }
        let client = HTTPClient()
        let registry = try makeRegistry(options, client, state, clock: clock)
        let pool = registry.take(
            (try? state.configuration.opened(sealing.open)) ?? state.configuration, numbers: state.providerNumbers,
            tenants: state.numbers)
        let storeReader = StoreReader(reader: try SQLiteStatusReader(store.catalog))
        let gatewayLog = GatewayLog(log, redaction: configuration.redaction)
        let suppressions = SuppressionList()
        suppressions.replace(with: state.suppressions)
        let writerTenants = WriterTenants(tenants, defaultSender: fileTenant.defaultSender)
        let writer = try Writer(
            store: store, providers: pool.providers, routes: pool.routes, tenants: writerTenants,
            suppressions: suppressions, options: configuration.writer, clock: clock, log: gatewayLog)
        let directory = makeDirectory(
            tenants, state, key: key, segmentPrice: pool.segmentPrice, now: clock.now())
        let service = ConfigurationService(
            state, tenants: writerTenants, fileTenant: fileTenant, sealing: sealing, providers: registry,
            writer: writer, reader: storeReader, clock: clock, directory: directory, suppressions: suppressions)
        func access(_ asker: Asker) -> LookUpAccess {
            LookUpAccess(
                read: { storeReader.ask(asker, $0) }, lookUp: { registry.lookUp(of: $0) }, now: { clock.now() },
                log: gatewayLog)
        }
        let reconciler = Reconciler(
            access(.reconciler), writer: writer,
            firstAfter: Int64(configuration.reconciliationFirstSeconds) * 1000)
        let receiptInquiry = ReceiptInquiry(
            access(.receiptInquiry), writer: writer,
            firstAfter: Int64(configuration.reconciliationReceiptSeconds) * 1000)
        return Gateway(
            writer: writer, reader: storeReader, clock: clock, log: gatewayLog, suppressions: suppressions,
            configuration: service, tenants: directory, providers: registry, reconciler: reconciler,
            receiptInquiry: receiptInquiry, healthBounds: configuration.healthBounds)
    }

    private func makeRegistry(
        _ sandbox: SandboxOptions, _ client: HTTPClient, _ state: AdministrationState, clock: GatewayClock
    ) throws -> ProviderRegistry {
        let factory = ProviderFactory(
            client: client, receiptKey: state.receiptKey, publicURL: try configuration.publicURL()?.text,
            environment: ProcessInfo.processInfo.environment, now: { clock.now() })
        return ProviderRegistry(
            factory: factory, builtIn: builtInSandbox(sandbox, state, now: { clock.now() }),
            zones: TimeZoneDatabase(environment: ProcessInfo.processInfo.environment), log: log)
    }

    /// The sandbox of `apusd dev`: anyone who serves for real has to configure one to have one.
    private func builtInSandbox(
        _ options: SandboxOptions, _ state: AdministrationState, now: @escaping @Sendable () -> Int64
    ) -> ConfiguredProvider? {
        let name = SandboxProvider.builtInName
        guard isDevelopment else {
            if configuration.sandbox != SandboxOptions() || configuration.sandboxLimits != ProviderLimits() {
                log.warning(
                    "the file's settings of the sandbox hold under `apusd dev` alone: configure a provider of kind sandbox"
                )
            }
            return nil
        }
        // One of a store that was served for real goes before it.
        guard state.configuration.providers[name] == nil else { return nil }
        return ConfiguredProvider(
            provider: SandboxProvider(options: options, now: now), number: state.providerNumbers[name] ?? 0,
            limits: configuration.sandboxLimits)
    }

    private func sealing(
        for state: AdministrationState, _ store: any MessageStore, _ directory: DataDirectory
    ) throws -> SecretSealing {
        let source = MasterKeySource(
            file: configuration.masterKeyFile, variable: ProcessInfo.processInfo.environment["APUS_MASTER_KEY"],
            ownFile: isDevelopment ? directory.masterKeyPath : nil)
        return try source.sealing(for: state, store)
    }

    /// The tenants and keys of the store, and the key of the file, which is kept in memory only.
    private func makeDirectory(
        _ tenants: [TenantEntry], _ state: AdministrationState, key: String, segmentPrice: Money, now: Int64
    ) -> TenantDirectory {
        let directory = TenantDirectory(
            defaults: TenantDefaults(
                sender: configuration.defaultSender, validity: UInt64(configuration.defaultValidity) * 1000,
                onUnknown: configuration.onUnknown))
        directory.publish(tenants, generation: state.generation, segmentPrice: segmentPrice)
        for key in state.keys { directory.put(key) }
        let salt = (0..<StoredKey.saltBytes).map { _ in UInt8.random(in: 0...255) }
        Array(key.utf8).withUnsafeBytes { key in
            guard let id = APIKey.ID(of: key), let tenant = state.numbers[configuration.tenant] else { return }
            let stored = StoredKey(credential: key, salt: salt)
            directory.put(
                KeyRecord(
                    id: id.description, tenant: tenant, scopes: Scopes.all.rawValue, salt: stored.salt,
                    hash: stored.hash, note: "", createdAt: now))
        }
        return directory
    }

    /// nil if no address is of TLS.
    private func readCertificates(
        isUsed: Bool, _ change: (TLSServerOptions) -> TLSServerOptions
    ) throws -> TLSServerCredentials? {
        guard isUsed else { return nil }
        let expiries = configuration.tls.expiries(now: Date())
        for text in expiries.over + expiries.soon { log.warning("\(text)") }
        do throws(TLSError) {
            return try TLSServerCredentials(change(configuration.tls.options))
        } catch {
            throw DaemonError(text: "tls: \(error)", exitCode: 1)
        }
    }

    private func listen(
        _ addresses: [ServerAddress], _ gateway: Gateway, _ tls: TLSServerCredentials?, connections: Int
    ) async throws -> RPCServer {
        let cores = ProcessInfo.processInfo.activeProcessorCount
        let loops = configuration.eventLoops > 0 ? configuration.eventLoops : max(1, min(8, cores / 2))
        let group = MultiThreadedEventLoopGroup(numberOfThreads: loops)
        var options = RPCServerOptions(serverID: ProcessInfo.processInfo.hostName, serverAgent: Self.agent)
        options.connections = connections
        options.socketMode = UInt32(configuration.socketMode, radix: 8) ?? 0o600
        // What a daemon that was killed leaves behind must not keep the next one from starting.
        options.replacesSocket = true
        options.tls = tls
        options.tlsFailed = { [log] peer, error in
            log.debug(
                "a TLS connection failed", metadata: ["peer": "\(peer?.peerName ?? "unknown")", "error": "\(error)"])
        }
        options.opened = { [gateway] peer, principal in
            // The level of the log may change meanwhile.
            guard gateway.log.tellsSteps else { return }
            gateway.log.connectionOpened(peer, principal as? Principal)
        }
        do {
            return try await RPCServer.listen(on: addresses, group: group, options: options) { loop in
                GatewayService(
                    loop: loop, gateway: gateway, serverID: ProcessInfo.processInfo.hostName, serverAgent: Self.agent)
            }
        } catch {
            throw listenFault(addresses.map { ListenAddress($0) }, error)
        }
    }

    private func announce(_ server: RPCServer, _ web: WebServer?, _ directory: DataDirectory, key: String) {
        let addresses = server.addresses.map { "rpc=\(absolute($0))" } + (web?.addresses ?? []).map { "http=\($0)" }
        say("ready \(addresses.joined(separator: " "))")
        if isDevelopment {
            say("key \(key)")
            if let first = server.addresses.first {
                DevelopmentKey.announce(
                    address: absolute(first), keyPath: absolutePath(directory.keyPath),
                    ca: configuration.developmentCA.map(absolutePath),
                    environment: ProcessInfo.processInfo.environment)
            }
        }
        SystemdNotification.send("READY=1", environment: ProcessInfo.processInfo.environment)
    }

    /// One line on standard output, at once.
    private func say(_ line: String) {
        FileHandle.standardOutput.write(Data((line + "\n").utf8))
    }

    /// A socket's address as it holds in any directory.
    private func absolute(_ address: ServerAddress) -> String {
        if case .unix(let path) = address { return "unix:\(absolutePath(path))" }
        return address.description
    }

    private func absolutePath(_ path: String) -> String {
        URL(fileURLWithPath: path).standardizedFileURL.path
    }

    private func ignoreBrokenPipes() {
        signal(SIGPIPE, SIG_IGN)
    }

    /// Takes as many file descriptors as the system lets this process have: one a connection.
    /// - Parameter web: how many the web server would have.
    /// - Returns: the connections that there may be. Some descriptors are left for files, for the Unix sockets' own, and
    ///   to tell those who come beyond the bound.
    private func connectionsWithinFileLimit(web: Int) -> (rpc: Int, web: Int) {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else {
            return (configuration.connections, web)
        }
        limit.rlim_cur = limit.rlim_max
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        let others = 256 + Limits.unixConnections + Limits.connectionsTold + Limits.webConnectionsRefused
        let free = max(2, Int(clamping: limit.rlim_max) - others)
        let web = min(web, free / 4)
        let most = free - web
        guard configuration.connections > most else { return (configuration.connections, web) }
        log.warning(
            "fewer connections than configured: the system's limit on open files is too low",
            metadata: ["connections": "\(most)", "configured": "\(configuration.connections)"])
        return (most, web)
    }

    /// Has it written down now and then when keys were used.
    private func keepLastUses(_ gateway: Gateway) async {
        while (try? await Task.sleep(for: .seconds(Limits.keyUseSeconds))) != nil { gateway.storeLastUses() }
    }

    /// The first signal asks for a drain, the second ends the process at once.
    private func end(_ group: ServiceGroup, on signals: UnixSignalsSequence) async {
        var isStopping = false
        for await _ in signals {
            if isStopping {
                log.warning("stopped at once by a second signal")
                LogWriter.standardError.flush()
                _exit(1)
            }
            isStopping = true
            await group.triggerGracefulShutdown()
        }
    }

    private func storing<T>(_ body: () throws(StoreError) -> T) throws -> T {
        do throws(StoreError) {
            return try body()
        } catch {
            throw DaemonError(text: error.text, exitCode: 1)
        }
    }
}

/// Serves until it is told to end: stops intake first, then drains, then stops.
private struct ServingGateway: Service {
    let gateway: Gateway
    let server: RPCServer
    let web: WebServer?
    let configuration: DaemonConfiguration

    func run() async throws {
        try? await gracefulShutdown()
        SystemdNotification.send("STOPPING=1", environment: ProcessInfo.processInfo.environment)
        let grace = configuration.drainSeconds
        async let webEnd: Void? = web?.shutDown(grace: .seconds(grace))
        await server.shutDown(reason: "the gateway is stopping", grace: .seconds(Int64(grace)))
        await webEnd
        await gateway.shutDown(grace: .seconds(grace))
    }
}
