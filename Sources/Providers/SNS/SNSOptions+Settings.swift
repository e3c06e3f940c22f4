internal import ConfigurationModel
internal import HTTPTransport
internal import SMSModel

extension SNSOptions {
    /// - Parameter environment: the gateway's.
    init(_ reader: inout ProviderReader, environment: [String: String]) {
        self.init(
            credentials: AWSCredentials(&reader, environment: environment),
            region: reader.options.option("region") ?? "")
        reader.options.require("region")
        endpoint = reader.options.option("endpoint")
        sender = reader.options.option("sender")
        messageType =
            reader.options.choice("message_type", of: MessageType.allCases, \.rawValue) ?? messageType
        maximumPrice = reader.options.option("maximum_price")
        entityID = reader.options.option("entity_id")
        templateID = reader.options.option("template_id")
        http = HTTPSessionOptions(&reader.options)
    }
}

extension SNSReceiverOptions {
    /// - Returns: nil where nothing is said of topics.
    init?(_ reader: inout ProviderReader) {
        let topics = reader.options.strings("topics", atMost: Limits.snsTopics) { _ in nil }
        let acceptsSHA1 = reader.options.bool("accept_sha1")
        let caFile = reader.options.authorities("certificate_ca_file")
        let tolerance = WebhookTolerance(&reader.options)
        guard let topics else {
            for name in ["accept_sha1", "certificate_ca_file", "tolerance_seconds"]
            where reader.options.take(name) != nil { reader.options.fault(name, "needs topics") }
            return nil
        }
        self.init(topics: Set(topics))
        self.acceptsSHA1 = acceptsSHA1 ?? self.acceptsSHA1
        self.caFile = caFile
        self.tolerance = tolerance
    }
}
