package org.pgkeel.proxy.cluster;

import io.netty.buffer.Unpooled;
import java.io.EOFException;
import java.io.IOException;
import java.net.SocketException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.LongPredicate;
import java.util.random.RandomGenerator;
import org.awaitility.Awaitility;
import org.pgkeel.failover.outcome.InFlight;
import org.pgkeel.failover.outcome.InFlight.Stage;
import org.pgkeel.failover.outcome.InFlight.StreamEnd;
import org.pgkeel.failover.outcome.NodeAnswer;
import org.pgkeel.failover.outcome.Origin;
import org.pgkeel.failover.outcome.Probe;
import org.pgkeel.failover.outcome.TransactionMark;
import org.pgkeel.failover.outcome.Work;
import org.pgkeel.failover.topology.NodeAddress;
import org.pgkeel.protocol.frontend.Bind;
import org.pgkeel.protocol.frontend.Execute;
import org.pgkeel.protocol.frontend.Parse;
import org.pgkeel.protocol.frontend.Query;
import org.pgkeel.protocol.frontend.Sync;
import org.pgkeel.proxy.relay.OutcomeProbe;

/// A client that commits row after row, with the probe, and knows how far each had come when its connection was lost.
/// Threading: confined to its thread, but [#cut].
final class TrialClient {
    /// How a row is committed.
    enum Form { ONE_WRITE, TWO_STEP, EXPLICIT }

    /// @param lost with the success that came, or how far it had come
    record Operation(long id, Form form, InFlight lost, long begunNanos) {}

    private final RawClient connection;
    private final Origin origin;
    private final RandomGenerator random;
    private final AtomicLong ids;
    private final Consumer<Operation> acknowledged;
    private final Consumer<Operation> interrupted;
    private volatile boolean cut;

    private Stage stage = Stage.COMMIT_NOT_SENT;
    private Probe probe = new Probe.NotSent();
    private boolean locallyOnly;
    private long begunNanos;

    TrialClient(NodeAddress node, RandomGenerator random, AtomicLong ids, Consumer<Operation> acknowledged, Consumer<Operation> interrupted) throws IOException {
        connection = new RawClient(node, "postgres", "postgres", 20_000);
        this.random = random;
        this.ids = ids;
        this.acknowledged = acknowledged;
        this.interrupted = interrupted;
        NodeAnswer self = OutcomeQuestions.node(node, connection.query(OutcomeQuestions.NODE).getFirst());
        if (!(self.role() instanceof NodeAnswer.Writable(int timeline, _))) throw new IOException("not a primary");
        origin = new Origin(node, timeline, self.lifetime());
        connection.send(out -> {
            OutcomeProbe.writeParse(out);
            Sync.INSTANCE.encode(out);
        });
        awaitReady();
    }

    int pid() {
        return connection.pid();
    }

    /// Cuts the connection, as PgKeel fences a backend. Threading: any.
    void cut() {
        cut = true;
        connection.cut();
    }

    /// Until the connection is lost.
    void run() {
        while (true) {
            long id = ids.incrementAndGet();
            Form form = Form.values()[random.nextInt(Form.values().length)];
            stage = Stage.COMMIT_NOT_SENT;
            probe = new Probe.NotSent();
            locallyOnly = false;
            begunNanos = System.nanoTime();
            try {
                commit(id, form);
                if (locallyOnly) throw new SocketException("committed locally only");
                acknowledged.accept(new Operation(id, form, inFlight(StreamEnd.FENCED), begunNanos));
            } catch (Fatal | EOFException e) {
                interrupted.accept(new Operation(id, form, inFlight(cut ? StreamEnd.FENCED : StreamEnd.IN_ORDER), begunNanos));
                connection.close();
                return;
            } catch (IOException e) {
                interrupted.accept(new Operation(id, form, inFlight(cut ? StreamEnd.FENCED : StreamEnd.BROKEN), begunNanos));
                connection.close();
                return;
            }
        }
    }

    /// Commits one row, and the connection is cut before anything of the answer to its commit is read.
    /// @param isThere whether the row with that number is to be seen, and so the server has committed it
    Operation commitUnheard(LongPredicate isThere) throws IOException {
        long id = ids.incrementAndGet();
        begunNanos = System.nanoTime();
        try {
            sendInTwoSteps(id);
            Awaitility.await().atMost(Duration.ofSeconds(60)).pollInterval(Duration.ofMillis(5)).until(() -> isThere.test(id));
            return new Operation(id, Form.TWO_STEP, inFlight(StreamEnd.FENCED), begunNanos);
        } finally {
            cut();
        }
    }

    private InFlight inFlight(StreamEnd end) {
        return new InFlight(origin, connection.pid(), Work.TRANSACTION, stage, end, probe);
    }

    private void commit(long id, Form form) throws IOException {
        String insert = insert(id);
        switch (form) {
            case ONE_WRITE -> {
                stage = Stage.COMMIT_SENT;
                probe = new Probe.Unanswered();
                connection.send(out -> {
                    writeInsert(insert, out);
                    Sync.INSTANCE.encode(out);
                });
                awaitReady();
            }
            case TWO_STEP -> {
                sendInTwoSteps(id);
                awaitReady();
            }
            case EXPLICIT -> {
                connection.send(new Query("begin"));
                awaitReady();
                connection.send(out -> {
                    new Query(insert).encode(out);
                    OutcomeProbe.writeBindExecute(out);
                    Sync.INSTANCE.encode(out);
                });
                awaitReady();
                awaitReady();
                stage = Stage.COMMIT_SENT;
                connection.send(new Query("commit"));
                awaitReady();
            }
        }
    }

    private void sendInTwoSteps(long id) throws IOException {
        probe = new Probe.Unanswered();
        connection.send(out -> writeInsert(insert(id), out));
        awaitMark();
        stage = Stage.COMMIT_SENT;
        connection.send(Sync.INSTANCE);
    }

    private static String insert(long id) {
        return "insert into t (id) values (" + id + ")";
    }

    private static void writeInsert(String insert, io.netty.buffer.ByteBuf out) {
        new Parse("", insert, List.of()).encode(out);
        new Bind("", "", List.of(), List.of(), List.of()).encode(out);
        new Execute("", 0).encode(out);
        OutcomeProbe.writeBindExecute(out);
        OutcomeProbe.writeFlush(out);
    }

    private static final class Fatal extends IOException {}

    private void awaitReady() throws IOException {
        while (next().type() != 'Z') { }
    }

    private void awaitMark() throws IOException {
        while (next().type() != 'D') { }
    }

    private RawClient.Message next() throws IOException {
        RawClient.Message message = connection.read();
        switch (message.type()) {
            case 'D' -> probe = new Probe.Answered(mark(message.body()));
            case 'E' -> {
                if (message.severity().equals("ERROR")) throw new IllegalStateException("ERROR " + message.sqlState());
                throw new Fatal();
            }
            case 'N' -> locallyOnly |= message.sqlState().equals("01000") || message.sqlState().equals("57P01");
            default -> { }
        }
        return message;
    }

    private static Optional<TransactionMark> mark(byte[] body) {
        return OutcomeProbe.parse(Unpooled.wrappedBuffer(body), 0, body.length);
    }
}
