internal import CApusProto
package import SMSModel

/// Asks what a provider's carrier says of its credentials.
package struct ProviderTestRequest: WireMessage, Hashable, Sendable {
    package static let wireName = "ProviderTestRequest"

    package var name: String

    package init(name: String) {
        self.name = name
    }

    package init(decoding payload: UnsafeRawBufferPointer, arena: MessageArena) throws(GatewayError) {
        let c = try arena.unpack(payload, as: Self.wireName, apus__v1__provider_test_request__unpack).pointee
        var check = TextChecker()
        name = check.string(c.name, "name")
        if c.name.len == 0 { check.record("name", "is missing") }
        check.atMost(Limits.providerNameCharacters, UnsafeRawBufferPointer(c.name), "name")
        try check.finish()
    }

    package func encode(into output: OutputBuffer) {
        let c = output.scratch.make(apus__v1__provider_test_request__init)
        c.pointee.name = output.scratch.text(name)
        output.pack(c)
    }
}

package struct ProviderTestResponse: WireMessage, Hashable, Sendable {
    package static let wireName = "ProviderTestResponse"

    /// Raw values are the protocol's.
    package enum Result: UInt8, CaseIterable, Sendable {
        /// The carrier took the credentials.
        case passed = 1
        /// It was reached, and refuses.
        case refused = 2
        /// It was not reached, or its answer says neither.
        case inconclusive = 3
    }

    package var result: Result
    /// "" if it passed.
    package var code: String
    /// For people.
    package var detail: String

    package init(result: Result, code: String = "", detail: String = "") {
        self.result = result
        self.code = code
        self.detail = detail
    }

    package init(decoding payload: UnsafeRawBufferPointer, arena: MessageArena) throws(GatewayError) {
        let c = try arena.unpack(payload, as: Self.wireName, apus__v1__provider_test_response__unpack).pointee
        result = try requiredEnum(c.result.rawValue, "result")
        code = String(lenient: c.code)
        detail = String(lenient: c.detail)
    }

    package func encode(into output: OutputBuffer) {
        let scratch = output.scratch
        let c = scratch.make(apus__v1__provider_test_response__init)
        c.pointee.result = Apus__V1__ProviderTestResult(rawValue: .init(result.rawValue))
        c.pointee.code = scratch.text(code)
        c.pointee.detail = scratch.text(detail)
        output.pack(c)
    }
}
