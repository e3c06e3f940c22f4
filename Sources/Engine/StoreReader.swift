package import SMSModel
package import Storage
internal import Synchronization
internal import Threading

/// Reads the store for anyone who asks, on a thread of its own so that no reading holds up the writer or a loop.
package final class StoreReader: Sendable {
    private let thread = WorkerThread(name: "apus-reader")
    private let questions = Mutex(TurnQueue<Asker, @Sendable (SQLiteStatusReader) -> Void>())
    private let reader: Mutex<SQLiteStatusReader>

    package init(reader: sending SQLiteStatusReader) {
        self.reader = Mutex(reader)
        thread.start { [self] in answerSome() }
    }

    package func stop() {
        thread.stop()
    }

    /// Has a question answered on the reader's thread, when all others who ask have had their turn.
    package func ask(_ asker: Asker, _ answer: @escaping @Sendable (SQLiteStatusReader) -> Void) {
        questions.withLock { $0.append(answer, of: asker) }
        thread.wake()
    }

    /// - Returns: 0 if there are more, nil if not.
    private func answerSome() -> Int64? {
        reader.withLock { reader in
            for _ in 0..<64 {
                guard let answer = questions.withLock({ $0.popFirst() }) else { return nil }
                answer(reader)
            }
            return 0
        }
    }
}

/// Someone whose questions take turns with those of others, such as a connection.
package struct Asker: Hashable, Sendable {
    private let number: UInt64

    /// - Parameter number: two askers of the same number share their turns.
    package init(_ number: UInt64) {
        self.number = number
    }

    package static let reconciler = Asker(.max)
    package static let receiptInquiry = Asker(.max - 1)
}

/// Reads, and throws what the store refuses to read as UNAVAILABLE.
package func reading<T>(_ body: () throws(StoreError) -> T) throws(GatewayError) -> T {
    do throws(StoreError) {
        return try body()
    } catch {
        throw GatewayError(.unavailable, error.text, retryAfterMilliseconds: 1000)
    }
}
