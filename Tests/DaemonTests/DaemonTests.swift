internal import Testing

/// The real programs: processes, sockets, signals, files. One test at a time, since each loads the machine.
@Suite(.serialized) enum DaemonTests {}
