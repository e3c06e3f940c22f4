internal import Admission
internal import GatewayTestKit
internal import SMSModel
internal import Testing

@Suite struct OptOutWordTests {
    @Test(arguments: [
        "STOP", "stop", " Stop\r\n", "\u{A0}STOPALL ", "stop all", "unsubscribe", "Cancel", "END", "quit", "OptOut",
        "revoke", "Stopp", "abmelden", "arr\u{EA}t", "arre\u{302}t", "ARRET", "baja", "Cancelar",
    ])
    func stops(_ body: String) {
        #expect(OptOutWord(body)?.wish == .stop)
    }

    @Test(arguments: ["START", "yes", " UnStop "])
    func starts(_ body: String) {
        #expect(OptOutWord(body)?.wish == .start)
    }

    @Test(arguments: ["help", "INFO"])
    func asks(_ body: String) {
        #expect(OptOutWord(body)?.wish == .help)
    }

    @Test(arguments: ["", " ", "please stop", "STOP it", "nonstop", "STOP STOP", "no", "st op"])
    func saysNothingOfIt(_ body: String) {
        #expect(OptOutWord(body) == nil)
    }

    /// White around a word is looked at only where the body is no longer than a message.
    @Test func aLongBodyIsNoWord() {
        #expect(OptOutWord("STOP" + String(repeating: " ", count: 156))?.text == "STOP")
        #expect(OptOutWord("STOP" + String(repeating: " ", count: 157)) == nil)
    }

    @Test func everyWordIsOneOfItsKind() {
        let words = OptOutWord.stop + OptOutWord.start + OptOutWord.help
        #expect(Set(words).count == words.count)
        for word in words { #expect(OptOutWord(word.lowercased())?.text == word) }
    }

    @Test func numbersAreComparedWithAndWithoutThePlus() {
        #expect(OwnNumber("+14155550100") == OwnNumber("14155550100"))
        #expect(OwnNumber("12345") != OwnNumber("12346"))
        #expect(PhoneNumber.international("14155550100") == 14_155_550_100)
        #expect(PhoneNumber.international("+14155550100") == 14_155_550_100)
        for none in ["", "+", "12345", "++14155550100", "04155550100", "Apus", "+1 4155550100"] {
            #expect(PhoneNumber.international(none) == nil)
        }
    }

    @Test func oneNumberIsPutOnManyListsAtOnce() {
        let list = SuppressionList()
        list.add([1, 3], of: .first)
        list.add(2, ofEach: [TenantID.first, TenantID(rawValue: 7)])
        list.add(2, ofEach: [TenantID.first])
        #expect(list.contains(2, of: .first) && list.contains(2, of: TenantID(rawValue: 7)))
        #expect(list.count(of: .first) == 3)
        list.remove(2, ofEach: Set([TenantID.first, TenantID(rawValue: 7), TenantID(rawValue: 9)]))
        list.remove(9, ofEach: [TenantID.first])
        #expect(!list.contains(2, of: .first) && !list.contains(2, of: TenantID(rawValue: 7)))
        #expect(list.contains(1, of: .first) && list.contains(3, of: .first))
    }
}
