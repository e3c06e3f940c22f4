/// A place in the order of service: the virtual time at which an owner's next message is due, then age.
struct FairKey: Equatable {
    var tag: UInt64
    /// The id of the first message that waits; unique, so that the order is total.
    var id: UInt64

    /// Tag and id as one wide integer: compared without a branch that the processor would have to guess.
    private var wide: UInt128 { UInt128(tag) << 64 | UInt128(id) }

    static func < (a: FairKey, b: FairKey) -> Bool { a.wide < b.wide }
}

/// A 4-ary heap of numbered items whose keys may change and that may leave from the middle.
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
            let parent = (place - 1) / 4
            guard node.key < nodes[parent].key else { break }
            nodes[place] = nodes[parent]
            places[Int(nodes[place].item)] = Int32(place)
            place = parent
        }
        nodes[place] = node
        places[Int(node.item)] = Int32(place)
    }

    private mutating func siftDown(_ start: Int, places: inout [Int32]) {
        let count = nodes.count
        nodes.withUnsafeMutableBufferPointer { nodes in
            places.withUnsafeMutableBufferPointer { places in
                var place = start
                let node = nodes[place]
                while true {
                    var least = 4 * place + 1
                    guard least < count else { break }
                    for child in least + 1..<max(least + 1, min(least + 4, count)) {
                        least = nodes[child].key < nodes[least].key ? child : least
                    }
                    guard nodes[least].key < node.key else { break }
                    nodes[place] = nodes[least]
                    places[Int(nodes[place].item)] = Int32(place)
                    place = least
                }
                nodes[place] = node
                places[Int(node.item)] = Int32(place)
            }
        }
    }
}
