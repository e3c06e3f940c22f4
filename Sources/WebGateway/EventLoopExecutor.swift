package import NIOCore

/// Runs tasks on an event loop.
///
/// A connection's tasks wait for its loop, and the loop for them, several times a request: on the same thread that
/// costs a place in the loop's queue, on the shared pool of threads the waking of another thread.
package final class EventLoopExecutor: TaskExecutor {
    private let loop: any EventLoop

    package init(_ loop: any EventLoop) {
        self.loop = loop
    }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        loop.execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
