internal import Foundation
package import SMSModel

/// A message's text in the form in which keywords are compared: in capitals, without punctuation, symbols, quotes and
/// invisible characters, each run of white space as one space, and with letters of other widths and styles as the plain
/// ones (Unicode's NFKC).
package struct KeywordText: Hashable, Sendable {
    package let text: String

    /// - Returns: nil if nothing is left, or the message is longer than any that is only a keyword.
    package init?(_ body: String) {
        guard body.utf8.count <= Limits.optOutBodyBytes else { return nil }
        var text = Self.stripped(body)
        if !text.utf8.allSatisfy({ $0 < 0x80 }) {
            // Compatibility forms may bring punctuation and spaces of their own.
            text = Self.stripped(text.precomposedStringWithCompatibilityMapping)
        }
        guard !text.isEmpty else { return nil }
        self.text = text.uppercased()
    }

    private static func stripped(_ text: String) -> String {
        var kept = String.UnicodeScalarView()
        var isAfterSpace = false
        for scalar in text.unicodeScalars {
            switch Kind(scalar) {
            case .ignored: continue
            case .space: isAfterSpace = true
            case .letter:
                if isAfterSpace, !kept.isEmpty { kept.append(" ") }
                isAfterSpace = false
                kept.append(scalar)
            }
        }
        return String(kept)
    }

    private enum Kind {
        case letter
        case space
        case ignored

        init(_ scalar: Unicode.Scalar) {
            if scalar.properties.isWhitespace {
                self = .space
                return
            }
            switch scalar.properties.generalCategory {
            case .control: self = .space
            case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation, .initialPunctuation,
                .finalPunctuation, .otherPunctuation, .mathSymbol, .currencySymbol, .modifierSymbol, .otherSymbol,
                .format, .enclosingMark:
                // Circled letters are letters.
                self = scalar.properties.isAlphabetic ? .letter : .ignored
            default: self = scalar.properties.isVariationSelector ? .ignored : .letter
            }
        }
    }
}

/// The keywords by which people opt out and in. Only a whole message is one, so that nobody opts out by a sentence.
package struct OptOutKeywords: Hashable, Sendable {
    private let actions: [String: OptOutAction]

    /// - Parameter words: those that compare alike are one; of a word for two actions the first of STOP, START and HELP
    ///   counts.
    package init(_ words: [OptOutAction: [String]]) {
        var actions: [String: OptOutAction] = [:]
        for action in OptOutAction.allCases {
            for word in words[action] ?? [] {
                guard let text = KeywordText(word)?.text, actions[text] == nil else { continue }
                actions[text] = action
            }
        }
        self.actions = actions
    }

    package var isEmpty: Bool { actions.isEmpty }

    package func action(of text: KeywordText) -> OptOutAction? { actions[text.text] }

    /// The keywords of every tenant: the words of 47 CFR 64.1200(a)(10) and of carriers, in English, German, French and
    /// Spanish.
    package static let common = OptOutKeywords([
        .stop: commonStop, .start: ["START", "YES", "UNSTOP"], .help: ["HELP", "INFO"],
    ])

    package static let commonStop = [
        "STOP", "STOPALL", "STOP ALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "OPTOUT", "OPT OUT", "REVOKE",
        "STOPP", "STOPPEN", "ABMELDEN", "ABBESTELLEN", "ENDE",
        "ARRET", "ARRÊT", "ARRÊTER", "ARRETER", "DESABONNER", "DÉSABONNER", "FIN",
        "ALTO", "BAJA", "CANCELAR", "DETENER", "PARAR",
    ]
}

/// A number that people send to, for comparing: as tenants name their senders, or as carriers write a recipient, with
/// or without a plus.
package struct OwnNumber: Hashable, Sendable {
    /// Without a plus.
    package let text: String

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
