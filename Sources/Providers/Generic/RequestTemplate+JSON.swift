internal import ConfigurationModel
internal import HTTPTransport
internal import SMSModel

extension RequestTemplate {
    enum Verb: String, CaseIterable {
        case get = "GET"
        case post = "POST"
    }

    /// - Parameter usual: the method where none is said.
    /// - Returns: nil if it is wrong, which the reader knows then.
    init?(
        _ reader: inout MemberReader, _ authentication: RequestAuthentication, or usual: Verb = .post,
        in scope: TemplateScope
    ) {
        let verb = reader.choice("method", or: usual)
        let url = Self.url(&reader, in: scope)
        let query = reader.fields("query", in: scope)
        var headers = reader.headers("headers", in: scope)
        let bodies = ["form", "json", "body"].filter { reader.take($0) != nil }
        if bodies.count > 1 {
            reader.fault(bodies[1], "is there besides \(bodies[0]): a request has one body; set the other to null")
        }
        if verb == .get, let body = bodies.first { reader.fault(body, "is there, but a GET has no body") }
        guard let (body, contentType) = Self.body(&reader, in: scope), let verb, let url else { return nil }
        let hasType = headers.contains { $0.name.lowercased() == "content-type" }
        if let contentType, !hasType,
            let header = reader.header("Content-Type", contentType, at: "body.content_type", in: scope.with([]))
        {
            headers.append(header)
        }
        self.init(
            method: verb == .get ? .get : .post, url: url, query: query, headers: headers, body: body,
            authentication: authentication)
    }

    /// - Returns: the body, and of which type it is.
    private static func body(_ reader: inout MemberReader, in scope: TemplateScope) -> (Body, String?)? {
        if reader.take("form") != nil {
            return (.form(reader.fields("form", in: scope)), "application/x-www-form-urlencoded")
        }
        if let json = reader.take("json") {
            var faults: [(place: String, description: String)] = []
            let template = JSONTemplate(json, in: scope) { faults.append(($0, $1)) }
            for fault in faults { reader.fault("json\(fault.place)", fault.description) }
            return faults.isEmpty ? (.json(template), "application/json") : nil
        }
        guard reader.take("body") != nil else { return (.none, nil) }
        return reader.object("body") { inner in
            guard inner.needed("content_type", "it says how values are escaped, such as text/xml"),
                inner.needed("text", "it is the body"),
                let type = inner.text("content_type", upTo: Limits.httpURLBytes),
                let template = inner.template("text", escape(in: type), in: scope)
            else { return nil }
            return (.text(template), type)
        }
    }

    /// How values are escaped in a body of a type.
    private static func escape(in contentType: String) -> TemplateEscape {
        let type = contentType.lowercased()
        if type.contains("json") { return .json }
        if type.contains("xml") { return .xml }
        return type.contains("x-www-form-urlencoded") ? .percent : .none
    }

    private static func url(_ reader: inout MemberReader, in scope: TemplateScope) -> Template? {
        guard reader.needed("url", "it says where requests go to"),
            let url = reader.template("url", .percent, in: scope)
        else { return nil }
        let isPlain = url.parts.allSatisfy { part in
            guard case .text(let bytes) = part else { return true }
            return bytes.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "#") }
        }
        var start = ""
        if case .text(let bytes)? = url.parts.first { start = String(decoding: bytes, as: UTF8.self) }
        let words = start.split(separator: "/", maxSplits: 2, omittingEmptySubsequences: false)
        let hasHost = words.count > 1 && ["http:", "https:"].contains(words[0]) && words[1].isEmpty
        let host = words.count > 2 ? words[2].prefix { $0 != "/" && $0 != "?" } : ""
        // A host that a message could choose would be sent the credentials.
        let isWhole = url.parts.count == 1 || host.count < (words.count > 2 ? words[2].count : 0)
        guard isPlain, hasHost, !host.isEmpty, !host.contains("@"), isWhole else {
            reader.fault(
                "url",
                "must be an absolute URL, https:// or http://, whose host is written out, without user, fragment, "
                    + "spaces and characters beyond ASCII")
            return nil
        }
        return url
    }
}
