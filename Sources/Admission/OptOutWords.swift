package import SMSModel

/// A word by which somebody says to one of the gateway's numbers that they want no more messages, or want them again.
package struct OptOutWord: Hashable, Sendable {
    package enum Wish: Hashable, Sendable {
        case stop
        case start
        /// To be told how this works.
        case help
    }

    package let wish: Wish
    /// In capitals.
    package let text: String

    /// Compared without case and without what is white around it: the word has to be the whole body, so that nobody
    /// opts out by a sentence.
    ///
    /// - Returns: nil if the body is no such word.
    package init?(_ body: String) {
        // No word is longer, and a body may be.
        guard body.utf8.count <= Self.bodyBytes else { return nil }
        let text = String(
            body.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed()
        ).uppercased()
        guard let wish = Self.words[text] else { return nil }
        self.wish = wish
        self.text = text
    }

    /// Of a body with the white around its word.
    private static let bodyBytes = 160

    /// English, German, French and Spanish ones, in capitals.
    private static let words: [String: Wish] = {
        var words: [String: Wish] = [:]
        for word in stop { words[word] = .stop }
        for word in start { words[word] = .start }
        for word in help { words[word] = .help }
        return words
    }()

    package static let stop = [
        "STOP", "STOPALL", "STOP ALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "OPTOUT", "OPT-OUT", "REVOKE",
        "STOPP", "STOPPEN", "ABMELDEN", "ABBESTELLEN", "ENDE",
        "ARRET", "ARRÊT", "ARRÊTER", "ARRETER", "DESABONNER", "DÉSABONNER", "FIN",
        "ALTO", "BAJA", "CANCELAR", "DETENER", "PARAR",
    ]
    package static let start = ["START", "YES", "UNSTOP"]
    package static let help = ["HELP", "INFO"]
}

/// A number that people send to, for comparing: as tenants name their senders, or as carriers write a recipient, with
/// or without a plus.
package struct OwnNumber: Hashable, Sendable {
    private let text: String

    package init(_ text: String) {
        self.text = text.hasPrefix("+") ? String(text.dropFirst()) : text
    }
}

extension PhoneNumber {
    /// The digits of a number in international form, as carriers write it: with or without the plus; nil if it is none.
    package static func international(_ text: String) -> UInt64? {
        try? digits(of: text.hasPrefix("+") ? text : "+\(text)")
    }
}
