internal import SMSModel

/// A place in the order of service: the virtual time at which an owner's next message is due, then age.
struct FairKey: Equatable {
    var tag: UInt64
    /// The id of the first message that waits; unique, so that the order is total.
    var id: MessageID

    static func < (a: FairKey, b: FairKey) -> Bool {
        a.tag != b.tag ? a.tag < b.tag : a.id < b.id
    }
}

/// A binary heap of numbered items whose keys may change and that may leave from the middle.
///
/// The place of each item is kept in an array that the caller passes along, indexed by item and shared by
/// heaps with disjoint items; ``absent`` means in none of them.
struct FairHeap {
    static let absent: Int32 = -1

    struct Node {
        var key: FairKey
        var item: Int32
    }

    private var nodes: [Node] = []

    init() {}

    var isEmpty: Bool { nodes.isEmpty }
    var first: Node? { nodes.first }

    mutating func insert(_ item: Int, key: FairKey, places: inout [Int32]) {
        nodes.append(Node(key: key, item: Int32(item)))
        siftUp(nodes.count - 1, places: &places)
    }

    mutating func update(_ item: Int, key: FairKey, places: inout [Int32]) {
        let place = Int(places[item])
        let isEarlier = key < nodes[place].key
        nodes[place].key = key
        if isEarlier { siftUp(place, places: &places) } else { siftDown(place, places: &places) }
    }

    mutating func remove(_ item: Int, places: inout [Int32]) {
        let place = Int(places[item])
        places[item] = Self.absent
        let last = nodes.removeLast()
        guard place < nodes.count else { return }
        let isEarlier = last.key < nodes[place].key
        nodes[place] = last
        if isEarlier { siftUp(place, places: &places) } else { siftDown(place, places: &places) }
    }

    private mutating func siftUp(_ start: Int, places: inout [Int32]) {
        var place = start
        let node = nodes[place]
        while place > 0 {
            let parent = (place - 1) / 2
            guard node.key < nodes[parent].key else { break }
            set(nodes[parent], at: place, places: &places)
            place = parent
        }
        set(node, at: place, places: &places)
    }

    private mutating func siftDown(_ start: Int, places: inout [Int32]) {
        var place = start
        let node = nodes[place]
        while true {
            var child = 2 * place + 1
            guard child < nodes.count else { break }
            if child + 1 < nodes.count, nodes[child + 1].key < nodes[child].key { child += 1 }
            guard nodes[child].key < node.key else { break }
            set(nodes[child], at: place, places: &places)
            place = child
        }
        set(node, at: place, places: &places)
    }

    private mutating func set(_ node: Node, at place: Int, places: inout [Int32]) {
        nodes[place] = node
        places[Int(node.item)] = Int32(place)
    }
}
