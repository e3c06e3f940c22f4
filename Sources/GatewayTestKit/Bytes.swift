package import SMSModel

/// Memory for a test's borrowed bytes, freed at its end.
package final class Bytes {
    private var buffers: [UnsafeMutableRawBufferPointer] = []

    package init() {}

    deinit {
        for buffer in buffers { buffer.deallocate() }
    }

    package func callAsFunction(_ text: String) -> UnsafeRawBufferPointer { self(Array(text.utf8)) }

    package func callAsFunction(_ bytes: [UInt8]) -> UnsafeRawBufferPointer {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
        buffer.copyBytes(from: bytes)
        buffers.append(buffer)
        return UnsafeRawBufferPointer(buffer)
    }

    /// A request without fault.
    package func request() -> SubmitRequest {
        var request = SubmitRequest()
        request.to = self("+447400123456")
        request.body = self("Hello")
        return request
    }
}
