internal import HTTPTransport
internal import SMSModel

/// The request that hands a message to a carrier, ready but for the message.
struct RequestTemplate: Sendable {
    enum Body: Sendable {
        case none
        case form(FieldsTemplate)
        case json(JSONTemplate)
        case text(Template)
    }

    struct Header: Sendable {
        var name: String
        var value: Template
    }

    var method: HTTPMethod
    var url: Template
    var query: FieldsTemplate
    var headers: [Header]
    var body: Body
    var authentication: RequestAuthentication

    /// - Parameters:
    ///   - id: what the request is known by.
    ///   - now: milliseconds since the Unix epoch.
    func request(_ values: some TemplateValues, id: HTTPRequestID, now: Int64) -> HTTPRequest {
        var url: [UInt8] = []
        self.url.render(values, to: &url)
        if !query.fields.isEmpty {
            url.append(UInt8(ascii: url.contains(UInt8(ascii: "?")) ? "&" : "?"))
            query.render(values, to: &url)
        }
        var content: [UInt8] = []
        switch body {
        case .none: break
        case .form(let form): form.render(values, to: &content)
        case .json(let json): json.render(values, to: &content)
        case .text(let text): text.render(values, to: &content)
        }
        var request = HTTPRequest(id: id, method: method, url: String(decoding: url, as: UTF8.self), body: content)
        for header in headers {
            let value = header.value.text(values)
            // An empty header can't be sent.
            if !value.isEmpty { request.headers.append(HTTPHeader(header.name, value)) }
        }
        authentication.authenticate(&request, values, now: now)
        return request
    }
}
