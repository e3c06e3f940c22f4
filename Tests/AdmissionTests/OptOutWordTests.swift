internal import Admission
internal import ConfigurationModel
internal import GatewayTestKit
internal import SMSModel
internal import Testing

@Suite struct OptOutWordTests {
    private func action(_ body: String) -> OptOutAction? {
        KeywordText(body).flatMap(OptOutKeywords.common.action)
    }

    @Test(arguments: [
        "STOP", "stop", " Stop\r\n", "\u{A0}STOPALL ", "stop all", "unsubscribe", "Cancel", "END", "quit", "OptOut",
        "revoke", "Stopp", "abmelden", "arr\u{EA}t", "arre\u{302}t", "ARRET", "baja", "Cancelar",
        // The words of 47 CFR 64.1200(a)(10).
        "stop", "quit", "end", "revoke", "opt out", "cancel", "unsubscribe",
    ])
    func stops(_ body: String) {
        #expect(action(body) == .stop)
    }

    /// What phones, keyboards and people put around a word, or into it.
    @Test(arguments: [
        "Stop.", "\"STOP\"", "\u{201C}Stop\u{201D}", "\u{AB}STOP\u{BB}", "'stop'", "`stop`", "\u{B4}stop\u{B4}",
        "(stop)", "<STOP>", "STOP!!!", "-STOP-", "*stop*", "S.T.O.P.", "opt-out", "Opt\u{2011}Out", "opt_out",
        "OPT  \t OUT", "opt\nout", "stop\u{200B}", "\u{FEFF}STOP", "\u{202A}stop\u{202C}", "ST\u{AD}OP", "\u{2060}stop",
        "STOP \u{1F64F}", "\u{26D4}\u{FE0F} stop", "\u{FF33}\u{FF34}\u{FF2F}\u{FF30}",
        "\u{FF53}\u{FF54}\u{FF4F}\u{FF50}",
        "\u{3000}STOP\u{3000}", "\u{1D412}\u{1D413}\u{1D40E}\u{1D40F}", "\u{24C8}\u{24C9}\u{24C4}\u{24C5}", "stop\0",
        "\u{2026}stop\u{2026}",
    ])
    func stopsWhateverIsAroundIt(_ body: String) {
        #expect(action(body) == .stop, "\(body.unicodeScalars.map { String($0.value, radix: 16) })")
    }

    @Test(arguments: ["START", "yes", " UnStop ", "Yes!"])
    func starts(_ body: String) {
        #expect(action(body) == .start)
    }

    @Test(arguments: ["help", "INFO", "Help?"])
    func asks(_ body: String) {
        #expect(action(body) == .help)
    }

    /// Only a whole message is a keyword.
    @Test(arguments: [
        "", " ", "please stop", "STOP it", "STOP please", "STOP, please.", "nonstop", "STOP STOP", "no", "st op",
        "I said \"STOP\"", "Don't stop", "...", "\u{200B}", "\u{1F44D}",
    ])
    func saysNothingOfIt(_ body: String) {
        #expect(action(body) == nil)
    }

    /// What is around a word is looked at only where the body is no longer than a message.
    @Test func aLongBodyIsNoWord() {
        #expect(KeywordText("STOP" + String(repeating: " ", count: 156))?.text == "STOP")
        #expect(KeywordText("STOP" + String(repeating: " ", count: 157)) == nil)
    }

    @Test func aTenantsWordsComeBesideTheOthers() {
        let own = OptOutKeywords([.stop: ["Raus!", "no more"], .start: ["raus", "weiter"], .help: ["?"]])
        #expect(KeywordText("RAUS").flatMap(own.action) == .stop)
        #expect(KeywordText("No  more.").flatMap(own.action) == .stop)
        #expect(KeywordText("Weiter").flatMap(own.action) == .start)
        #expect(KeywordText("STOP").flatMap(own.action) == nil)
        #expect(OptOutKeywords([:]).isEmpty && !own.isEmpty)
    }

    @Test func aTenantsWordsAreChecked() {
        var settings = TenantSettings()
        settings.stopWords = ["raus", "?!", "Yes."]
        settings.startWords = ["RAUS", "weiter", "start"]
        settings.helpWords = ["stop"]
        #expect(
            settings.policyViolations.map { "\($0.field) \($0.description)" } == [
                "opt_out.stop_words[1] has no letter or digit", "opt_out.stop_words[2] is a word for start already",
                "opt_out.start_words[0] is a word for stop already", "opt_out.help_words[0] is a word for stop already",
            ])
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
