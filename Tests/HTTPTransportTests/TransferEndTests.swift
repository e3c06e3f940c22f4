import Testing

@testable import HTTPTransport

/// What follows from libcurl's results, by number.
@Suite struct TransferEndTests {
    private func conclusion(
        _ code: UInt32, sendings: Int, sent: Int = 0, status: Int = 0, head: Bool = false, cut: Bool = false
    ) -> TransferEnd.Conclusion {
        TransferEnd(
            code: code, sendings: sendings, sentBytes: sent, status: status, isHeadWhole: head, isBodyCut: cut
        ).conclusion
    }

    @Test(arguments: [
        (UInt32(1), HTTPFailure.Reason.invalidRequest), (3, .invalidRequest), (5, .nameNotResolved),
        (6, .nameNotResolved),
        (7, .notConnected), (28, .timedOut), (35, .tls), (56, .notConnected), (60, .untrustedCertificate),
        (77, .tls), (97, .notConnected), (27, .other), (0, .other),
    ])
    func nothingWasSent(_ code: UInt32, _ reason: HTTPFailure.Reason) {
        #expect(conclusion(code, sendings: 0) == .notSent(reason))
    }

    @Test(arguments: [
        (UInt32(1), HTTPFailure.Reason.notHTTP), (8, .notHTTP), (18, .answerCutShort), (28, .timedOut), (52, .noAnswer),
        (55, .connectionLost), (56, .connectionLost), (35, .tls), (27, .other), (23, .other),
    ])
    func somethingMayHaveBeenSent(_ code: UInt32, _ reason: HTTPFailure.Reason) {
        #expect(conclusion(code, sendings: 1, sent: 0) == .unknown(reason))
        #expect(conclusion(code, sendings: 1, sent: 300, status: 201, head: true) == .unknown(reason))
    }

    @Test func aSecondSendingIsStopped() {
        #expect(conclusion(42, sendings: 2, sent: 0) == .notSent(.staleConnection))
        #expect(conclusion(42, sendings: 2, sent: 1) == .unknown(.connectionLost))
    }

    @Test func anAnswerIsWhole() {
        #expect(conclusion(0, sendings: 1, sent: 300, status: 200, head: true) == .answered)
        #expect(conclusion(0, sendings: 1, sent: 300, status: 599, head: true) == .answered)
        #expect(conclusion(0, sendings: 1, sent: 300, status: 200, head: false) == .unknown(.answerCutShort))
        for status in [0, 100, 199, 600, 999] {
            #expect(conclusion(0, sendings: 1, sent: 300, status: status, head: true) == .unknown(.answerCutShort))
        }
        #expect(conclusion(23, sendings: 1, sent: 300, status: 400, head: true, cut: true) == .answered)
    }
}
