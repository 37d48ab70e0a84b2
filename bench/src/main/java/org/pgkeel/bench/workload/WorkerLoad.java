package org.pgkeel.bench.workload;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.pgkeel.bench.check.Finding;
import org.pgkeel.bench.history.History;
import org.pgkeel.bench.history.Operation;

/// A workload with a number of clients, each in a thread of its own and none faster than its pace.
///
/// Threading: confined to one thread; its workers have theirs.
public final class WorkerLoad implements Load {
    private final Workload workload;
    private final History history = new History();
    private final Gate gate = new Gate();
    private final List<Worker> workers = new ArrayList<>();
    private final List<Thread> threads = new ArrayList<>();

    /// @param pace of one client: the time from the start of a step to the start of the next, at least
    public WorkerLoad(Workload workload, Endpoint endpoint, int clients, Duration pace, long seed) {
        this.workload = workload;
        for (int number = 0; number < clients; number++) {
            Worker worker = workload.worker(endpoint, history.recorder(number), seed + number);
            workers.add(worker);
            threads.add(Thread.ofPlatform().daemon().name(workload.name() + "-" + number).start(() -> work(worker, pace.toNanos())));
        }
    }

    @Override
    public String name() {
        return workload.name();
    }

    @Override
    public void reset(Connection primary) throws SQLException {
        try (Statement statement = primary.createStatement()) {
            for (String sql : workload.reset()) statement.execute(sql);
        }
    }

    @Override
    public void begin() {
        gate.open();
    }

    @Override
    public int pause(Duration limit) {
        return gate.close(workers.size(), limit);
    }

    @Override
    public List<Operation> drain() {
        return history.drain();
    }

    @Override
    public List<Finding> check(List<Operation> operations, Connection primary) throws SQLException {
        return workload.check(operations, primary);
    }

    @Override
    public void close() {
        gate.close(0, Duration.ZERO);
        threads.forEach(Thread::interrupt);
        workers.forEach(Worker::close);
    }

    private void work(Worker worker, long paceNanos) {
        try {
            while (true) {
                gate.pass();
                long next = System.nanoTime() + paceNanos;
                worker.step();
                LockSupport.parkNanos(next - System.nanoTime());
            }
        } catch (InterruptedException ended) {
            worker.close();
        }
    }
}
