// swift-tools-version: 6.2
import PackageDescription

/// Settings of every Swift target: the language's upcoming features on, warnings are errors.
let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]

let nio: [Target.Dependency] = [
    .product(name: "NIOCore", package: "swift-nio"),
    .product(name: "NIOPosix", package: "swift-nio"),
]
let log: Target.Dependency = .product(name: "Logging", package: "swift-log")
let lifecycle: Target.Dependency = .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let signals: Target.Dependency = .product(name: "UnixSignals", package: "swift-service-lifecycle")
let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")

let package = Package(
    name: "apus",
    products: [
        .executable(name: "apusd", targets: ["apusd"]),
        .executable(name: "apus", targets: ["apus"]),
        .library(name: "ApusClient", targets: ["ApusClient"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-configuration", from: "1.4.0", traits: ["YAML"]),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.0"),
        .package(url: "https://github.com/vapor/jwt-kit", from: "5.7.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.0"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.6.0"),
    ],
    targets: [
        // C libraries of the system: a module map and a shim each, no logic.
        .systemLibrary(
            name: "CProtobufC", pkgConfig: "libprotobuf-c", providers: [.apt(["libprotobuf-c-dev"])]),
        .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
        .systemLibrary(name: "CMalloc"),
        .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        // Generated from Protos/apus.proto by `make proto`.
        .target(name: "CApusProto", dependencies: ["CProtobufC"]),
        // The version, and the commit that `make release` writes into the linked programs.
        .target(name: "CApusVersion"),

        // Pure: no IO, no clock, no randomness of their own.
        .target(name: "SMSModel", swiftSettings: strict),
        .target(name: "JSON", dependencies: ["SMSModel"], swiftSettings: strict),
        .target(name: "Cryptography", dependencies: ["SMSModel", "COpenSSL"], swiftSettings: strict),
        .target(name: "ConfigurationModel", dependencies: ["SMSModel", "JSON"], swiftSettings: strict),
        .target(name: "RPCWire", dependencies: ["SMSModel", "CApusProto", "CProtobufC"], swiftSettings: strict),
        .target(
            name: "Admission", dependencies: ["SMSModel", "Cryptography", "ConfigurationModel"], swiftSettings: strict),
        .target(name: "Scheduling", dependencies: ["SMSModel"], swiftSettings: strict),
        .target(name: "Routing", dependencies: ["SMSModel", "ConfigurationModel"], swiftSettings: strict),
        .target(
            name: "Access",
            dependencies: [
                "SMSModel", "JSON", "Cryptography", "ConfigurationModel", "Admission", "Scheduling",
                .product(name: "JWTKit", package: "jwt-kit"),
            ],
            swiftSettings: strict),

        // With IO.
        .target(name: "SecretFiles", swiftSettings: strict),
        .target(name: "Threading", swiftSettings: strict),
        .target(name: "TimeZones", dependencies: ["SMSModel"], swiftSettings: strict),
        .target(
            name: "TLS",
            dependencies: ["SMSModel", "SecretFiles", "COpenSSL", .product(name: "NIOCore", package: "swift-nio")],
            swiftSettings: strict),
        .target(name: "RPCTransport", dependencies: ["SMSModel", "RPCWire", "TLS"] + nio, swiftSettings: strict),
        .target(name: "Storage", dependencies: ["SMSModel", "ConfigurationModel", "CSQLite"], swiftSettings: strict),
        .target(
            name: "HTTPTransport",
            dependencies: [
                "SMSModel", "Cryptography", "Threading", "CCurl",
                .product(name: "DequeModule", package: "swift-collections"),
            ],
            swiftSettings: strict),
        .target(
            name: "Providers",
            dependencies: [
                "SMSModel", "JSON", "Cryptography", "ConfigurationModel", "SecretFiles", "Threading", "HTTPTransport",
            ],
            swiftSettings: strict),
        .target(
            name: "Engine",
            dependencies: [
                "SMSModel", "JSON", "ConfigurationModel", "Admission", "Scheduling", "Routing", "Threading", "Storage",
                "Providers", log, .product(name: "DequeModule", package: "swift-collections"),
            ],
            swiftSettings: strict),
        .target(
            name: "GatewayCore",
            dependencies: [
                "SMSModel", "JSON", "ConfigurationModel", "Access", "Admission", "Routing", "TimeZones", "Storage",
                "Providers",
                "Engine", "CMalloc", log,
            ],
            swiftSettings: strict),
        .target(
            name: "RPCGateway",
            dependencies: [
                "SMSModel", "ConfigurationModel", "RPCWire", "Access", "Admission", "RPCTransport", "Storage",
                "Providers", "Engine", "GatewayCore", .product(name: "NIOCore", package: "swift-nio"),
            ],
            swiftSettings: strict),
        .target(
            name: "WebGateway",
            dependencies: [
                "SMSModel", "JSON", "ConfigurationModel", "HTTPTransport", "Providers", "TLS", "GatewayCore", log,
                lifecycle,
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ] + nio,
            swiftSettings: strict),
        .executableTarget(
            name: "apusd",
            dependencies: [
                "SMSModel", "Cryptography", "ConfigurationModel", "CApusVersion", "SecretFiles", "Admission", "RPCWire",
                "Access", "TLS", "RPCTransport", "Storage", "HTTPTransport", "Providers", "Engine", "GatewayCore",
                "RPCGateway", "WebGateway", "Threading", "TimeZones", log, lifecycle, signals, argumentParser,
                .product(name: "Configuration", package: "swift-configuration"),
                .product(name: "Yams", package: "Yams"),
            ] + nio,
            swiftSettings: strict),

        // Clients.
        .target(
            name: "ApusClient",
            dependencies: ["SMSModel", "Cryptography", "RPCWire", "TLS", "RPCTransport", log] + nio,
            path: "Clients/ApusClient", swiftSettings: strict),
        .executableTarget(
            name: "apus",
            dependencies: [
                "SMSModel", "JSON", "ConfigurationModel", "CApusVersion", "SecretFiles", "ApusClient", "RPCWire", "TLS",
                "RPCTransport", "TimeZones", argumentParser, signals,
                .product(name: "Histogram", package: "hdrhistogram-swift"), .product(name: "Yams", package: "Yams"),
            ] + nio,
            path: "Clients/apus", swiftSettings: strict),

        // Measures the store by itself, for Benchmarks/run.
        .executableTarget(
            name: "storebench", dependencies: ["SMSModel", "Storage", argumentParser], path: "Benchmarks/StoreBench",
            swiftSettings: strict),

        // What answering a POST costs by itself, for Benchmarks/run.
        .executableTarget(
            name: "hummingbird-baseline",
            dependencies: [
                "WebGateway", log, .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
            ] + nio,
            path: "Benchmarks/HummingbirdBaseline", swiftSettings: strict),

        // Tests.
        .target(
            name: "GatewayTestKit",
            dependencies: ["SMSModel", "ConfigurationModel", "TLS", "Storage", "Providers"] + nio,
            swiftSettings: strict),
        .testTarget(name: "SMSModelTests", dependencies: ["SMSModel", "GatewayTestKit"], swiftSettings: strict),
        .testTarget(name: "JSONTests", dependencies: ["SMSModel", "JSON"], swiftSettings: strict),
        .testTarget(
            name: "ConfigurationModelTests", dependencies: ["SMSModel", "JSON", "ConfigurationModel"],
            swiftSettings: strict),
        // A store under load, for tests that take the power away.
        .executableTarget(
            name: "storeexercise", dependencies: ["SMSModel", "ConfigurationModel", "Storage", "GatewayTestKit"],
            path: "Tests/StoreExercise", swiftSettings: strict),
        // A carrier with an account's ledger, for tests of the daemon and benchmarks.
        .executableTarget(
            name: "carrierstandin",
            dependencies: [
                "SMSModel", "Cryptography", argumentParser, .product(name: "NIOHTTP1", package: "swift-nio"),
            ]
                + nio,
            path: "Tests/CarrierStandIn", swiftSettings: strict),
        // A gateway's life from a seed, and a command that runs it. It is a program of its own: the daemon that is installed
        // carries no test.
        .target(
            name: "SimulationKit",
            dependencies: [
                "SMSModel", "ConfigurationModel", "Admission", "Scheduling", "Routing", "Storage", "Providers",
                "Engine",
                "GatewayTestKit", log,
            ],
            path: "Tests/SimulationKit", swiftSettings: strict),
        .executableTarget(
            name: "simulate", dependencies: ["SimulationKit", argumentParser], path: "Tests/Simulate",
            swiftSettings: strict),
        .testTarget(name: "SimulationTests", dependencies: ["SimulationKit"], swiftSettings: strict),
        .testTarget(
            name: "StorageTests",
            dependencies: ["SMSModel", "ConfigurationModel", "Storage", "GatewayTestKit", "storeexercise"],
            swiftSettings: strict),
        .testTarget(
            name: "ProvidersTests",
            dependencies: [
                "SMSModel", "JSON", "Cryptography", "ConfigurationModel", "HTTPTransport", "Providers",
                "GatewayTestKit",
            ],
            swiftSettings: strict),
        .testTarget(
            name: "HTTPTransportTests", dependencies: ["SMSModel", "HTTPTransport", "TLS", "GatewayTestKit"] + nio,
            swiftSettings: strict),
        .testTarget(
            name: "AccessTests",
            dependencies: ["SMSModel", "JSON", "ConfigurationModel", "Admission", "Access", "GatewayTestKit"],
            swiftSettings: strict),
        .testTarget(
            name: "EngineTests",
            dependencies: [
                "SMSModel", "ConfigurationModel", "Admission", "Scheduling", "Routing", "Storage", "Providers",
                "Engine",
                "GatewayTestKit", log,
            ],
            swiftSettings: strict),
        .testTarget(
            name: "GatewayCoreTests",
            dependencies: [
                "SMSModel", "JSON", "ConfigurationModel", "Access", "Admission", "Storage", "HTTPTransport",
                "Providers",
                "TimeZones", "Engine", "GatewayCore", "GatewayTestKit", log,
            ],
            swiftSettings: strict),
        .testTarget(
            name: "RPCGatewayTests",
            dependencies: ["SMSModel", "RPCWire", "RPCTransport", "GatewayCore", "RPCGateway"],
            swiftSettings: strict),
        .testTarget(
            name: "WebGatewayTests",
            dependencies: [
                "SMSModel", "HTTPTransport", "Admission", "Storage", "Providers", "TLS", "Engine", "GatewayCore",
                "WebGateway",
                "GatewayTestKit", log, .product(name: "NIOEmbedded", package: "swift-nio"),
            ] + nio,
            swiftSettings: strict),
        .testTarget(name: "ThreadingTests", dependencies: ["Threading"], swiftSettings: strict),
        .testTarget(
            name: "ApusdTests",
            dependencies: [
                "SMSModel", "Storage", "Providers", "RPCTransport", "WebGateway", "Engine", "GatewayCore", "apusd",
                "GatewayTestKit", log,
            ],
            swiftSettings: strict),
        .testTarget(name: "SecretFilesTests", dependencies: ["SecretFiles"], swiftSettings: strict),
        .testTarget(name: "CryptographyTests", dependencies: ["Cryptography"], swiftSettings: strict),
        .testTarget(name: "SchedulingTests", dependencies: ["SMSModel", "Scheduling"], swiftSettings: strict),
        .testTarget(
            name: "RoutingTests",
            dependencies: ["SMSModel", "JSON", "ConfigurationModel", "Routing", "TimeZones", "GatewayTestKit"],
            swiftSettings: strict),
        .testTarget(name: "TimeZonesTests", dependencies: ["SMSModel", "TimeZones"], swiftSettings: strict),
        .testTarget(
            name: "AdmissionTests", dependencies: ["SMSModel", "ConfigurationModel", "Admission", "GatewayTestKit"],
            swiftSettings: strict),
        .testTarget(
            name: "ApusClientTests", dependencies: ["SMSModel", "RPCWire", "RPCTransport", "ApusClient", log] + nio,
            swiftSettings: strict),
        .testTarget(
            name: "CommandTests",
            dependencies: [
                "SMSModel", "JSON", "ConfigurationModel", "RPCWire", "ApusClient", "TimeZones", "apus",
                "GatewayTestKit",
                argumentParser,
                .product(name: "Histogram", package: "hdrhistogram-swift"),
            ] + nio,
            swiftSettings: strict),
        // Real daemons and sockets. The programs are dependencies so that they are built next to the tests.
        .testTarget(
            name: "DaemonTests",
            dependencies: [
                "SMSModel", "RPCWire", "ApusClient", "CSQLite", "apusd", "apus", "GatewayTestKit", "carrierstandin",
            ],
            swiftSettings: strict),
        .testTarget(
            name: "RPCWireTests", dependencies: ["SMSModel", "RPCWire"], exclude: ["Corpus"], swiftSettings: strict),
        .testTarget(
            name: "RPCTransportTests",
            dependencies: ["SMSModel", "RPCWire", "TLS", "RPCTransport", "GatewayTestKit"] + nio,
            swiftSettings: strict),
        .testTarget(
            name: "TLSTests",
            dependencies: ["SMSModel", "TLS", .product(name: "NIOEmbedded", package: "swift-nio")] + nio,
            swiftSettings: strict),
    ],
    swiftLanguageModes: [.v6]
)
