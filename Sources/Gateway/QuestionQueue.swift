internal import DequeModule

/// What waits to be answered: one question of each asker in turn, so that none waits behind all those of another.
struct QuestionQueue<Asker: Hashable, Question> {
    private var waiting: [Asker: Deque<Question>] = [:]
    /// Askers with questions, each once.
    private var turns: Deque<Asker> = []

    var isEmpty: Bool { turns.isEmpty }

    mutating func append(_ question: Question, of asker: Asker) {
        if waiting[asker]?.append(question) == nil {
            waiting[asker] = [question]
            turns.append(asker)
        }
    }

    mutating func popFirst() -> Question? {
        guard let asker = turns.popFirst() else { return nil }
        let question = waiting[asker]?.popFirst()
        if waiting[asker]?.isEmpty == false {
            turns.append(asker)
        } else {
            waiting[asker] = nil
        }
        return question
    }
}
