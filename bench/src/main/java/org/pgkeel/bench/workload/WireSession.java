package org.pgkeel.bench.workload;

import java.io.IOException;
import java.net.SocketTimeoutException;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.pgkeel.bench.client.ServerError;
import org.pgkeel.bench.client.WireClient;
import org.pgkeel.bench.history.Kind;
import org.pgkeel.bench.history.Outcome;
import org.pgkeel.bench.history.Outcome.Acknowledged;
import org.pgkeel.bench.history.Outcome.Closer;
import org.pgkeel.bench.history.Recorder;

/// The session of a worker that speaks the protocol itself: it is opened again when it was lost, and each login is recorded.
///
/// Threading: confined to one thread, [#close] excepted.
final class WireSession implements AutoCloseable {
    private static final long LOGIN_PAUSE_MILLIS = 50;

    /// What a session needs before it is used.
    interface Preparation {
        Preparation NONE = _ -> { };

        void in(WireClient client) throws IOException;
    }

    private final Endpoint endpoint;
    private final Recorder recorder;
    private final Preparation preparation;
    private int address;
    private volatile Optional<WireClient> client = Optional.empty();

    WireSession(Endpoint endpoint, Recorder recorder, Preparation preparation) {
        this.endpoint = endpoint;
        this.recorder = recorder;
        this.preparation = preparation;
        this.address = recorder.worker();
    }

    /// @return empty, after a moment, if none could be opened now
    Optional<WireClient> open() throws InterruptedException {
        if (client.isPresent()) return client;
        long now = System.nanoTime();
        try {
            WireClient fresh = endpoint.connect(address);
            client = Optional.of(fresh);
            preparation.in(fresh);
            recorder.add(Kind.LOGIN, 0, 0, now, now, Acknowledged.saw(0));
        } catch (IOException e) {
            // One that ends while it prepares had been let in.
            Outcome outcome = e instanceof ServerError error ? new Outcome.Failed(error.sqlState()) : client.isPresent() ? closed(e) : new Outcome.Failed("08001");
            forget();
            recorder.add(Kind.LOGIN, 0, 0, now, now, outcome);
            TimeUnit.MILLISECONDS.sleep(LOGIN_PAUSE_MILLIS);
        }
        return client;
    }

    /// It is of no use any more; the next one is opened at another address, if there is one.
    void forget() {
        close();
        client = Optional.empty();
        address++;
    }

    static Outcome closed(IOException end) {
        return new Outcome.Closed(end instanceof SocketTimeoutException ? Closer.CLIENT_LOST_PATIENCE : Closer.PEER, "08006");
    }

    @Override
    public void close() {
        try {
            if (client.isPresent()) client.get().close();
        } catch (IOException alreadyGone) {
            // That is what was wanted.
        }
    }
}
