import Cryptography
import Testing

@Suite struct HMACTests {
    /// The first two of each hash are from RFC 2202 and RFC 4231; the others, around the length of a block and empty,
    /// are by Python's hmac.
    @Test(
        arguments: [
            (.sha1, 0x0b, 20, "Hi There", "b617318655057264e28bc0b6fb378c8ef146be00"),
            (
                .sha1, 0xaa, 80, "Test Using Larger Than Block-Size Key - Hash Key First",
                "aa4ae5e15272d00e95705637ce8a3b55ed402112"
            ),
            (.sha1, 0xaa, 64, "x", "9c6d8ea88eaae0dda58c8f4a0f8e9a190edc28e4"),
            (.sha1, 0xaa, 65, "x", "349e9189de217e47242c1aaa2acfe9084d584f3f"),
            (.sha1, 0x00, 0, "", "fbdb1d1b18aa6c08324b7d64b71fb76370690e1d"),
            (.sha256, 0x0b, 20, "Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
            (
                .sha256, 0xaa, 131, "Test Using Larger Than Block-Size Key - Hash Key First",
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
            ),
            (.sha256, 0xaa, 64, "x", "ce3c639dcb9d8baae5d44c3b8b5e233faab4d1860e07489af5c84f213998bd79"),
            (.sha256, 0xaa, 65, "x", "c2b9a0a013df029c7d812c5ac18388feef0194ee64fcc5f321d149c06137caa3"),
            (.sha256, 0x00, 0, "", "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"),
        ] as [(HashFunction, UInt8, Int, String, String)])
    func known(_ hash: HashFunction, _ byte: UInt8, _ count: Int, _ text: String, _ code: String) {
        let key = [UInt8](repeating: byte, count: count)
        let made = HMAC.code(hash, key: key, text.utf8)
        #expect(Hexadecimal.encode(made) == code)
    }
}
