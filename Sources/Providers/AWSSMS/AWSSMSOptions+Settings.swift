internal import ConfigurationModel
internal import HTTPTransport

extension AWSSMSOptions {
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
        configurationSet = reader.options.option("configuration_set")
        protectConfiguration = reader.options.option("protect_configuration")
        keyword = reader.options.option("keyword")
        maximumPrice = reader.options.option("maximum_price")
        entityID = reader.options.option("entity_id")
        templateID = reader.options.option("template_id")
        http = HTTPSessionOptions(&reader.options)
    }
}
