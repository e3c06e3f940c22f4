internal import SMSModel

/// What Twilio's codes mean for a message, where the status alone doesn't tell.
///
/// From the public dictionary of errors, which grows and changes: a code that isn't here goes by the status.
enum TwilioErrors {
    static func meaning(code: Int, status: Int) -> Refusal? {
        switch code {
        // Too many requests at once.
        case 20429: .throttled()
        // Too many messages in the queue of one sender, while those of others go on.
        case 21611: .throttled(.sender)
        // Credentials, an account that isn't active, actions that it may not do.
        case 20003, 20005, 20006, 20008, 20010, 20403, 20410, 20426: .account
        case 21211, 21214, 21217, 21265, 21268, 21614, 21635: .rejected(.recipient)
        // After STOP, until START.
        case 21610: .rejected(.optedOut)
        // A sender that is none, isn't the account's, or can't be used for this recipient or its country: 21266 is the
        // recipient's own number, 21267 a name on a trial account, 21612 no way between the two, 21657 a name that the
        // country doesn't take.
        case 21212, 21266, 21267, 21401, 21601, 21603, 21606, 21607, 21612, 21657, 21659...21661, 21703, 21705, 21712:
            .rejected(.sender)
        case 21602, 21605, 21617...21620, 21623: .rejected(.content)
        // A region that the account may not send to, a number that a trial account has not verified; requests that the
        // gateway should not have made.
        case 21408, 21608, 21219, 20001, 21604, 21609, 21624, 21626, 21654...21656, 21658: .rejected(.route)
        default: meaning(status: status)
        }
    }

    /// - Returns: nil where the message may have been taken all the same.
    static func meaning(status: Int) -> Refusal? {
        switch status {
        case 429: .throttled()
        // 404 is a wrong account or URL, since nothing else stands in the request's path.
        case 401, 403, 404: .account
        case 413: .rejected(.content)
        case 408: nil
        case 400...499: .rejected(.route)
        default: nil
        }
    }
}
