internal import SMSModel

/// An amount of money as people write it.
/// - Parameter millionths: of the currency.
func moneyText(_ millionths: Int64) -> String { Money(millionths: millionths).description }
