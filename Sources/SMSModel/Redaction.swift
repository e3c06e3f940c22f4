/// What logs may hold of messages. Numbers and bodies are redacted unless somebody has asked for them.
package struct Redaction: Hashable, Sendable {
    package enum Disclosure: String, CaseIterable, Sendable {
        case redacted
        case full
    }

    package var numbers = Disclosure.redacted
    package var bodies = Disclosure.redacted

    package init(numbers: Disclosure = .redacted, bodies: Disclosure = .redacted) {
        self.numbers = numbers
        self.bodies = bodies
    }

    /// A recipient's number as a log may have it.
    package func number(_ bytes: UnsafeRawBufferPointer) -> String {
        numbers == .full ? String(decoding: bytes, as: UTF8.self) : RedactedNumber(bytes).description
    }

    /// A body as a log may have it.
    package func body(_ bytes: UnsafeRawBufferPointer) -> String {
        bodies == .full ? String(decoding: bytes, as: UTF8.self) : RedactedBody(bytes).description
    }

    /// Words for people, from the one who wrote them: digits in a row that could be a number's are left out.
    package func words(_ text: String) -> String {
        if numbers == .full { return text }
        var words = ""
        var digits = ""
        func settle() {
            words += digits.count >= Self.suspectDigits ? "…" : digits
            digits = ""
        }
        for character in text {
            if character.isNumber {
                digits.append(character)
            } else {
                settle()
                words.append(character)
            }
        }
        settle()
        return words
    }

    private static let suspectDigits = 7

    /// The code at the beginning of a carrier's answer, `CODE: words`; "?" if there is none.
    ///
    /// The words after it are for the message's timeline only: carriers quote numbers and bodies in them.
    package func code(in answer: String) -> String {
        let code = answer.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || "_-.".contains($0)) }
        let isCode =
            !code.isEmpty && code.utf8.count <= Self.codeBytes
            && (code.endIndex == answer.endIndex || answer[code.endIndex] == ":")
        return isCode ? words(String(code)) : "?"
    }

    private static let codeBytes = 64
}

/// A number of which only its country calling code and its last two digits are told, such as `+49…67`.
///
/// A number in a log. The last digits of a short one are left out too, so that at least four stay hidden. What is no
/// number may be anything, such as a body in the wrong field: only its length is told.
package struct RedactedNumber: CustomStringConvertible {
    package let description: String

    private static let hiddenDigits = 4

    package init(_ number: UnsafeRawBufferPointer) {
        guard PhoneNumber.check(number) == nil, let digits = CountryCodes.digits(of: number) else {
            description = "\(number.count) bytes"
            return
        }
        let code = String(decoding: number[...digits], as: UTF8.self)
        let isLong = number.count - 1 - digits >= Self.hiddenDigits + 2
        description = code + "…" + (isLong ? String(decoding: number[(number.count - 2)...], as: UTF8.self) : "")
    }
}

/// A body of which only its length is told, such as `42 characters`.
package struct RedactedBody: CustomStringConvertible {
    package let description: String

    package init(_ body: UnsafeRawBufferPointer) {
        // Of UTF-8 all bytes but those that go on with a character.
        let characters = body.lazy.filter { $0 & 0xC0 != 0x80 }.count
        description = characters == 1 ? "1 character" : "\(characters) characters"
    }
}

extension CountryCodes {
    /// Digits of the country calling code that a number, a plus and digits, begins with.
    fileprivate static func digits(of number: UnsafeRawBufferPointer) -> Int? {
        var code = 0
        for count in 1...3 where count < number.count {
            code = code * 10 + Int(number[count] &- 0x30)
            if nationalLengths(code) != 0 { return count }
        }
        return nil
    }
}
