@main enum ApusCommand { static func main() {} }
