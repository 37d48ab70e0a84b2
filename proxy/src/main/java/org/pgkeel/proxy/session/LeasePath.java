package org.pgkeel.proxy.session;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.pgkeel.protocol.wire.FrontendType;
import org.pgkeel.proxy.cluster.Cluster;
import org.pgkeel.proxy.pool.PoolSlice;
import org.pgkeel.proxy.pool.SharedPool;
import org.pgkeel.proxy.pool.Waiter;
import org.pgkeel.proxy.refusal.Refusal;
import org.pgkeel.proxy.relay.BackendConnection;
import org.pgkeel.proxy.statement.Dialect;
import org.pgkeel.proxy.statement.Effect;
import org.pgkeel.proxy.statement.PinReason;
import org.pgkeel.proxy.statement.Statement;
import org.pgkeel.proxy.statement.StatementClass;
import org.pgkeel.proxy.statement.Statements;

/// One client's way to a backend: which pool it asks, where it waits in line, and what it asks anew when it was refused or has lost the one it had.
///
/// Invariants: the client stands in at most one line, and in that of [#waitsAt] only in the states WAITING and GREETING; a client that listens asks for
/// a backend until it has one, though it sends nothing.
///
/// Threading: confined to the session's event loop.
final class LeasePath implements Waiter<BackendConnection> {
    /// `DISCARD ALL`, with some room.
    private static final int DISCARD_BYTES_MAX = 64;
    /// A client that listens and was refused a backend asks for one again after this time.
    private static final Duration LISTEN_RETRY = Duration.ofSeconds(1);

    private final ClientSession session;
    private final SessionContext context;
    private final DatabasePool pool;
    private final SessionTimes times;
    /// Where it waits, or has waited last; null if that is nowhere.
    private @Nullable PoolSlice<BackendConnection> waitsAt;
    private @Nullable Comeback comeback;
    /// Of the request that it asks a backend for right now; they are not among those that wait yet.
    private int askingBytes;
    /// Since there are rules about replicas.
    private @Nullable SessionRoutes routes;
    private final ServerDeaths deaths = new ServerDeaths();

    LeasePath(ClientSession session) {
        this.session = session;
        this.context = session.context();
        this.pool = session.pool();
        this.times = session.times();
    }

    /// Where the client's units run; null as long as there are no rules about that.
    @Nullable SessionRoutes routes() {
        return routes;
    }

    /// The backend that the client has is a replica's.
    boolean isOnReplica() {
        return routes != null && routes.onReplica();
    }

    /// What the Query is that was looked at to find its backend, and is sent next.
    StatementClass classOfQuery() {
        return routes == null ? StatementClass.UNREAD : routes.classOfQuery();
    }

    /// Of the servers on which the client's unit was under way.
    ServerDeaths deaths() {
        return deaths;
    }

    /// The client's unit is over, in whatever way: what its servers did to it says nothing of the next one.
    void unitOver() {
        deaths.forget();
        if (routes != null) routes.over();
    }

    /// The end of a batch was given to the backend.
    /// @return whether what follows it has to wait until it is answered
    boolean waitsBehind() {
        return routes != null && routes.batchSent();
    }

    /// The client is about to be told of something that it wrote, or may have written: of that other clients may demand to see it, whether or not this one
    /// has units that go to replicas.
    void wrote(long now) {
        Cluster cluster = pool.cluster();
        if (session.settings().tracker().desired().commitsAsynchronously()) cluster.asynchronousCommits().begin("a client has said so at its login");
        else if (maySetAnything()) cluster.asynchronousCommits().perhaps(now);
        if (routes != null) routes.remembersWrite(now);
        RouteRules inForce = context.rules();
        if (inForce == null) return;
        if (inForce.ofCluster()) cluster.wrote(now);
        if (routes != null && cluster.isReadLately(now)) cluster.wantFreshness();
    }

    /// The client has said what nobody has understood, or looked into.
    private boolean maySetAnything() {
        return session.pins().contains(PinReason.SET_CONFIG) || session.pins().contains(PinReason.STATEMENT_NOT_INSPECTED);
    }

    // --- it asks

    /// @param in what the client has sent
    /// @param at where its next unit begins
    /// @return a backend, whose lease has begun; null when the client has to wait, or was refused
    @Nullable BackendConnection acquire(ByteBuf in, int at) {
        if (session.pins().areMissing() && !discardsAll(in, at)) {
            tellWhatIsMissing();
            return null;
        }
        SharedPool<BackendConnection> from = pool.shared();
        RouteRules rules = context.rules();
        SessionRoutes mine = routes;
        if (rules != null && session.looksInto()) {
            if (mine == null) routes = mine = new SessionRoutes(session, context, times.wasEverReady());
            from = mine.choose(rules, in, at, times.turnNanos());
            if (from == null) {
                waitForReplica(mine);
                return null;
            }
        } else if (mine != null) {
            mine.goesByNoRule();
        }
        askingBytes = in.writerIndex() - at;
        BackendConnection leased = acquireFrom(from);
        askingBytes = 0;
        return leased;
    }

    /// What the client kept on a backend is lost: its next request hears of it, whatever it is.
    private void tellWhatIsMissing() {
        if (session.state() == ClientSession.State.IDLE) times.waits(System.nanoTime());
        session.becomes(ClientSession.State.WAITING);
        waitsAt = null;
        context.loop().execute(() -> ifWaitingForReplica(() -> refused(session.pins().missed())));
    }

    /// As libraries do to a connection before they lend it on.
    private boolean discardsAll(ByteBuf in, int at) {
        int bytes = 1 + in.getInt(at + 1);
        if (in.getByte(at) != FrontendType.QUERY || bytes > DISCARD_BYTES_MAX || in.writerIndex() - at < bytes || bytes < 6) return false;
        List<Statement> statements = Statements.parse(in.toString(at + 5, bytes - 6, StandardCharsets.ISO_8859_1), Dialect.USUAL);
        boolean discards = statements.size() == 1 && statements.getFirst().effects().stream().anyMatch(effect -> effect instanceof Effect.DiscardAll);
        if (discards) session.pins().missesNothing();
        return discards;
    }

    private @Nullable BackendConnection acquireFrom(SharedPool<BackendConnection> from) {
        BackendConnection leased = ask(from, times.requestNanos());
        if (leased != null) {
            session.lease().begin(leased);
            return leased;
        }
        if (session.state() == ClientSession.State.IDLE) {
            session.becomes(ClientSession.State.WAITING);
            times.waits(System.nanoTime());
        }
        return null;
    }

    private @Nullable BackendConnection ask(SharedPool<BackendConnection> from, long now) {
        PoolSlice<BackendConnection> slice = from.slice(context.index());
        waitsAt = slice;
        return slice.lease(this, now);
    }

    /// A backend is to say what the client is greeted with.
    void askForGreeting() {
        BackendConnection leased = ask(pool.shared(), System.nanoTime());
        if (leased != null) leased(leased);
        else session.socket().readAgain();
    }

    /// What was not answered is asked again, ahead of whoever waits.
    void askAgain(Comeback back) {
        comeback = back;
        session.becomes(ClientSession.State.WAITING);
        times.waits(System.nanoTime());
        waitsAt = pool.shared().slice(context.index());
        waitsAt.leaseAgain(this, times.waitingSinceNanos());
    }

    /// Notifications come over a backend: a client that listens needs one, though it asks nothing.
    void listenAgain() {
        if (session.state() != ClientSession.State.IDLE || session.lease().backend() != null || session.failedTransaction().isOpen() || !session.pins().owesListen()) return;
        times.requested(System.nanoTime());
        acquireFrom(pool.shared());
    }

    /// No replica is fit for what the client asks.
    private void waitForReplica(SessionRoutes mine) {
        Optional<Refusal> refusal = mine.refusal();
        if (session.state() == ClientSession.State.IDLE) times.waits(System.nanoTime());
        session.becomes(ClientSession.State.WAITING);
        waitsAt = null;
        if (refusal.isPresent()) context.loop().execute(() -> ifWaitingForReplica(() -> refused(refusal.get())));
        else context.loop().schedule(() -> ifWaitingForReplica(session.progress()::looksAgain), mine.waitMillis(), TimeUnit.MILLISECONDS);
    }

    private void ifWaitingForReplica(Runnable then) {
        if (session.state() == ClientSession.State.WAITING && waitsAt == null) then.run();
    }

    // --- it waits

    /// It asks for nothing but a backend to listen on.
    boolean waitsToListen() {
        return session.state() == ClientSession.State.WAITING && comeback == null && session.waiting().size() == 0;
    }

    @Override
    public int requestBytes() {
        return askingBytes + session.waiting().size();
    }

    /// What has come meanwhile is kept, too.
    void hasSentMore() {
        if (session.isWaiting() && waitsAt != null) waitsAt.hasSentMore(this);
    }

    /// What goes wrong here is the client's own, in the turn of the one that gave the backend back.
    @Override
    public void leased(BackendConnection leased) {
        try {
            begin(leased);
        } catch (RuntimeException | Error broken) {
            session.end().broken(broken);
        }
    }

    private void begin(BackendConnection leased) {
        if (session.state() == ClientSession.State.GREETING) {
            new Greeter(session).ask(leased);
            return;
        }
        Comeback back = comeback;
        comeback = null;
        session.lease().begin(leased);
        if (back != null) leased.suppressReplies(back.suppressed());
        session.progress().resumes();
    }

    @Override
    public void refused(Refusal refusal) {
        SessionRoutes mine = routes;
        if (session.state() == ClientSession.State.WAITING && mine != null && mine.isRefusedHere(waitsAt, refusal)) {
            session.progress().looksAgain();
            return;
        }
        comeback = null;
        unitOver();
        session.refused(refusal);
        if (session.isOpen() && session.pins().owesListen()) context.loop().schedule(this::listenAgain, LISTEN_RETRY.toMillis(), TimeUnit.MILLISECONDS);
    }

    @Override
    public boolean findsElsewhere() {
        SessionRoutes mine = routes;
        return session.state() == ClientSession.State.WAITING && comeback == null && !session.pins().owesListen() && mine != null && mine.findsReplica(System.nanoTime());
    }

    @Override
    public void left() {
        if (session.state() == ClientSession.State.WAITING) session.progress().looksAgain();
    }

    /// The client has cancelled what it asks.
    void cancelled() {
        if (session.state() == ClientSession.State.WAITING) leave();
        refused(Refusal.cancelled());
    }

    /// The client is not in line any more.
    void leave() {
        if (waitsAt != null) waitsAt.leave(this);
    }
}
