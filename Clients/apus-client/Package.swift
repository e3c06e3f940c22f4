// swift-tools-version: 6.2
import PackageDescription

// ApusClient by itself, for services that call a gateway: SwiftNIO and swift-log are all that it resolves. Its sources are
// those of the whole project, which this folder links to.

let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]
let nio: [Target.Dependency] = [
    .product(name: "NIOCore", package: "swift-nio"),
    .product(name: "NIOPosix", package: "swift-nio"),
]

let package = Package(
    name: "apus-client",
    products: [.library(name: "ApusClient", targets: ["ApusClient"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
    ],
    targets: [
        // Libraries of the system, which have to be installed: on Debian libprotobuf-c-dev and libssl-dev.
        .systemLibrary(
            name: "CProtobufC", pkgConfig: "libprotobuf-c", providers: [.apt(["libprotobuf-c-dev"])]),
        .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
        .target(name: "CApusProto", dependencies: ["CProtobufC"]),

        .target(name: "SMSModel", swiftSettings: strict),
        .target(name: "Cryptography", dependencies: ["SMSModel", "COpenSSL"], swiftSettings: strict),
        .target(name: "RPCWire", dependencies: ["SMSModel", "CApusProto", "CProtobufC"], swiftSettings: strict),
        .target(name: "SecretFiles", swiftSettings: strict),
        .target(
            name: "TLS",
            dependencies: ["SMSModel", "SecretFiles", "COpenSSL", .product(name: "NIOCore", package: "swift-nio")],
            swiftSettings: strict),
        .target(name: "RPCTransport", dependencies: ["SMSModel", "RPCWire", "TLS"] + nio, swiftSettings: strict),
        .target(
            name: "ApusClient",
            dependencies: [
                "SMSModel", "Cryptography", "RPCWire", "TLS", "RPCTransport",
                .product(name: "Logging", package: "swift-log"),
            ] + nio,
            swiftSettings: strict),
    ],
    swiftLanguageModes: [.v6]
)
