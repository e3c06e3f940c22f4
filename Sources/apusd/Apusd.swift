@main enum Apusd { static func main() {} }
