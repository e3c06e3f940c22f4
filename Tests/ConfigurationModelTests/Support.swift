import ConfigurationModel
import JSON
import SMSModel

/// Reads documents, and tells what is wrong with them.
enum Documents {
    /// A complete configuration: what is given, and a tenant `shop`.
    static func applied(providers: String = "{}", routes: String = "{}") throws -> DynamicConfiguration {
        try DynamicConfiguration().applying(
            JSONValue("{\"providers\": \(providers), \"routes\": \(routes), \"tenants\": {\"shop\": {}}}"),
            isPartial: false)
    }

    /// Paths and descriptions.
    static func problems(providers: String = "{}", routes: String = "{}") throws -> [String] {
        do {
            _ = try applied(providers: providers, routes: routes)
            return []
        } catch let error as ConfigurationError {
            return error.violations.map { "\($0.field): \($0.description)" }
        }
    }
}
