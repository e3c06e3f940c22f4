/// The names of an enum of the protocol to which a later gateway may add: what this version doesn't know is carried as a
/// prefix and its number.
enum OpenName {
    static func isName<Value: RawRepresentable<String>>(_ text: String, of known: [Value], prefix: String) -> Bool {
        known.contains { $0.rawValue == text }
            || (text.hasPrefix(prefix) && Int32(text.dropFirst(prefix.count)) != nil)
    }
}
