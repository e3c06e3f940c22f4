internal import ApusClient
internal import SMSModel

extension ApusClient.UCS2Cause {
    var json: JSONOutput {
        .object([
            ("character", .string(String(Character(character)))),
            ("code_point", .string(CharacterName.codePoint(character.value))),
            ("position", .integer(Int64(position))), ("count", .integer(Int64(count))),
            ("segments_without", .integer(Int64(segmentsWithout))), ("replaceable", .bool(isReplaceable)),
        ])
    }

    /// - Parameter segments: of the body as it is.
    func text(segments: Int) -> String {
        let codePoint = CharacterName.codePoint(character.value)
        let name = CharacterName.text(character.value)
        var text = (name == codePoint ? name : "\(name) (\(codePoint))") + " at character \(position)"
        if count > 1 { text += " and \(count - 1) more" }
        text += count > 1 ? " are not in GSM-7" : " is not in GSM-7"
        if 1..<max(1, segments) ~= segmentsWithout {
            text += ", without \(count > 1 ? "them" : "it") \(counted(segmentsWithout, "segment"))"
        }
        return text + (isReplaceable ? ", see --smart-encoding" : "")
    }
}
