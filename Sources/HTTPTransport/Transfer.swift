internal import CCurl
internal import SMSModel

/// A handle of libcurl, used for one request after the other of a session.
final class Transfer {
    let easy: UnsafeMutableRawPointer
    unowned let queue: SessionQueue
    private var options: HTTPSessionOptions { queue.options }
    private let errorText: UnsafeMutablePointer<CChar>

    /// What the handle's options say of the request before.
    private var url = ""
    private var head = RequestHead()
    private var headerList: UnsafeMutablePointer<curl_slist>?

    private(set) var request: HTTPRequest?
    /// Milliseconds of the client's clock.
    private(set) var deadline: Int64 = 0
    /// On a new connection, after one that was kept had ended.
    private(set) var isSecondStart = false
    /// How often libcurl was about to send the request.
    private(set) var sendings = 0
    private var isHeadWhole = false
    private var isBodyCut = false
    private var headers: [HTTPHeader] = []
    private var body: [UInt8] = []

    /// - Returns: nil without memory.
    init?(_ queue: SessionQueue, _ sockets: SocketPoll) {
        guard let easy = curl_easy_init() else { return nil }
        self.easy = easy
        self.queue = queue
        errorText = .allocate(capacity: Int(CURL_ERROR_SIZE))
        errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
        sockets.follow(easy)
        setOptions()
    }

    deinit {
        curl_easy_cleanup(easy)
        curl_slist_free_all(headerList)
        errorText.deallocate()
    }

    private func setOptions() {
        apus_curl_set_callbacks(
            easy, Unmanaged.passUnretained(self).toOpaque(),
            { bytes, size, count, context in
                Transfer.of(context).bodyReceived(UnsafeRawBufferPointer(start: bytes, count: size * count))
            },
            { bytes, size, count, context in
                Transfer.of(context).headerReceived(UnsafeRawBufferPointer(start: bytes, count: size * count))
            },
            { context, _, _, _, _ in
                Transfer.of(context).willSend() ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT
            }, errorText)
        apus_curl_allow_http_only(easy)
        apus_curl_leave_resolver(easy)
        set(CURLOPT_NOSIGNAL, 1)
        set(CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1)
        set(CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2)
        set(CURLOPT_FOLLOWLOCATION, 0)
        set(CURLOPT_USERAGENT, "apus")
        set(CURLOPT_CONNECTTIMEOUT_MS, Int(options.connectTimeout))
        set(CURLOPT_MAXAGE_CONN, Limits.httpIdleConnectionSeconds)
        // Answers are short; this is kept for each connection.
        set(CURLOPT_BUFFERSIZE, 8 * 1024)
        set(CURLOPT_UPLOAD_BUFFERSIZE, 16 * 1024)
        if let caFile = options.caFile {
            set(CURLOPT_CAINFO, caFile)
            // Otherwise the system's directory would be trusted too.
            set(CURLOPT_CAPATH, nil)
        }
        // "" also overrides what the environment says.
        set(CURLOPT_PROXY, options.proxy ?? "")
        set(CURLOPT_NOPROXY, "")
        set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
    }

    private func set(_ option: CURLoption, _ value: Int) { apus_curl_set_number(easy, option, value) }
    private func set(_ option: CURLoption, _ value: String?) { apus_curl_set_text(easy, option, value) }

    // MARK: A request

    /// Readies the handle for a request.
    /// - Returns: false if it can't stand in a request's head.
    func begin(_ request: HTTPRequest, deadline: Int64, now: Int64) -> Bool {
        guard request.isMethodRight, setURL(request.url), setHead(RequestHead(request)) else { return false }
        self.request = request
        self.deadline = deadline
        if isSecondStart { set(CURLOPT_FRESH_CONNECT, 0) }
        isSecondStart = false
        switch request.method {
        case .get: set(CURLOPT_HTTPGET, 1)
        case .post:
            set(CURLOPT_POST, 1)
            _ = request.body.withUnsafeBytes { apus_curl_set_body(easy, $0.baseAddress, $0.count) }
        }
        reset(now: now)
        return true
    }

    /// Readies it for the same request on a new connection.
    func beginAgain(now: Int64) {
        isSecondStart = true
        set(CURLOPT_FRESH_CONNECT, 1)
        reset(now: now)
    }

    private func reset(now: Int64) {
        sendings = 0
        isHeadWhole = false
        isBodyCut = false
        headers.removeAll()
        body.removeAll()
        errorText[0] = 0
        set(CURLOPT_TIMEOUT_MS, Int(max(1, deadline - now)))
    }

    /// - Returns: false if it can't stand in a request's head. One that is set already has been looked at.
    private func setURL(_ url: String) -> Bool {
        guard url != self.url else { return true }
        guard HTTPRequest.isWellFormed(url: url) else { return false }
        self.url = url
        set(CURLOPT_URL, url)
        return true
    }

    /// - Returns: false if it can't stand in a request's head.
    private func setHead(_ head: RequestHead) -> Bool {
        guard head != self.head else { return true }
        guard HTTPRequest.isWellFormed(head.headers, head.authentication) else { return false }
        self.head = head
        let before = headerList
        headerList = nil
        for line in head.lines { headerList = curl_slist_append(headerList, line) }
        switch head.authentication {
        case .none: apus_curl_use_basic(easy, nil, nil)
        case .basic(let user, let password): apus_curl_use_basic(easy, user, password)
        case .aws(let credentials, let region, let service):
            apus_curl_use_aws(easy, "aws:amz:\(region):\(service)", credentials.keyID, credentials.secret)
        }
        apus_curl_set_list(easy, CURLOPT_HTTPHEADER, headerList)
        curl_slist_free_all(before)
        return true
    }

    // MARK: Its end

    /// What became of it, while the handle is still with its multi handle.
    func end(_ code: CURLcode) -> TransferEnd {
        TransferEnd(
            code: code.rawValue, detail: code == CURLE_OK ? "" : text(code), sendings: sendings,
            sentBytes: apus_curl_number(easy, CURLINFO_REQUEST_SIZE),
            status: apus_curl_number(easy, CURLINFO_RESPONSE_CODE), isHeadWhole: isHeadWhole, isBodyCut: isBodyCut)
    }

    func result(_ end: TransferEnd) -> HTTPResult {
        switch end.conclusion {
        case .answered:
            .answered(HTTPResponse(status: end.status, headers: headers, body: body, isBodyCut: isBodyCut))
        case .notSent(let reason): .notSent(HTTPFailure(reason, end.detail))
        case .unknown(let reason): .unknown(HTTPFailure(reason, end.detail))
        }
    }

    /// Forgets the request and what was read; its URL and head stay in the options, for the next.
    func clear() {
        request = nil
        headers.removeAll()
        body.removeAll()
    }

    private func text(_ code: CURLcode) -> String {
        errorText[0] != 0 ? String(cString: errorText) : String(cString: curl_easy_strerror(code))
    }

    // MARK: Called by libcurl

    static func of(_ context: UnsafeMutableRawPointer?) -> Transfer {
        Unmanaged<Transfer>.fromOpaque(context!).takeUnretainedValue()
    }

    /// - Returns: false the second time: a connection was lost with the request, and libcurl repeats it on another.
    private func willSend() -> Bool {
        sendings += 1
        return sendings == 1
    }

    /// - Returns: how many bytes are taken; fewer end the transfer.
    private func bodyReceived(_ bytes: UnsafeRawBufferPointer) -> Int {
        let room = options.responseBytes - body.count
        body.append(contentsOf: bytes.prefix(room))
        guard bytes.count <= room else {
            isBodyCut = true
            return 0
        }
        return bytes.count
    }

    /// A line of a head; there may be several heads, of which the last counts.
    private func headerReceived(_ line: UnsafeRawBufferPointer) -> Int {
        if line.starts(with: "HTTP/".utf8) {
            headers.removeAll()
            isHeadWhole = false
        } else if line.elementsEqual("\r\n".utf8) || line.elementsEqual("\n".utf8) {
            isHeadWhole = true
        } else if !isHeadWhole {
            keepHeader(line)
        }
        return line.count
    }

    private func keepHeader(_ line: UnsafeRawBufferPointer) {
        guard line.count <= Limits.httpResponseHeaderBytes, let colon = line.firstIndex(of: UInt8(ascii: ":")),
            let name = options.responseHeaders.first(where: { Self.isName($0, line[..<colon]) })
        else { return }
        var value = line[(colon + 1)...]
        while let first = value.first, first == 0x20 || first == 0x09 { value.removeFirst() }
        while let last = value.last, last == 0x20 || last == 0x09 || last == 0x0A || last == 0x0D { value.removeLast() }
        headers.append(HTTPHeader(name, String(decoding: value, as: UTF8.self)))
    }

    /// - Parameter name: in lower case.
    private static func isName(_ name: String, _ bytes: Slice<UnsafeRawBufferPointer>) -> Bool {
        name.utf8.count == bytes.count
            && zip(name.utf8, bytes).allSatisfy { lower, byte in
                lower == byte || (lower == byte | 0x20 && UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte)
            }
    }
}
