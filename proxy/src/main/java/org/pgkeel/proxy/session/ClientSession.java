package org.pgkeel.proxy.session;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.pgkeel.proxy.config.PoolMode;
import org.pgkeel.proxy.config.TimeoutsConfig;
import org.pgkeel.proxy.login.ClientIdentity;
import org.pgkeel.proxy.refusal.Refusal;
import org.pgkeel.proxy.refusal.RefusalReason;
import org.pgkeel.proxy.relay.BackendConnection;
import org.pgkeel.proxy.relay.Loss;
import org.pgkeel.proxy.relay.Outgoing;
import org.pgkeel.proxy.settings.Settings;
import org.pgkeel.proxy.statement.PinReason;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One client, from its login to its end: the states of its session, and what moves it from one to the next. What it knows, holds and does is
/// in its parts, each with a concept of its own (`proxy/README.md` has their map).
///
/// | from     | event                            | to       |
/// |----------|----------------------------------|----------|
/// | Greeting | the client was told all          | Idle     |
/// | Idle     | a request, a backend is free     | Leased   |
/// | Idle     | a request, none is free          | Waiting  |
/// | Waiting  | leased                           | Leased   |
/// | Idle     | an INSERT that shares its commit | Sharing  |
/// | Sharing  | committed, refused, or to run by itself | Idle |
/// | Waiting  | refused, or cancelled            | Idle     |
/// | Leased   | settled outside of a transaction, not pinned | Idle |
/// | Leased   | backend lost, nothing under way, or it fails | Idle |
/// | Leased   | backend lost, to be asked again  | Waiting  |
/// | Leased   | backend lost, outcome to be found out | Resolving |
/// | Resolving | outcome known                   | Idle, Waiting |
/// | Leased   | the client says goodbye, replies owed | Departed |
/// | any      | closed                           | Closed   |
///
/// Threading: confined to its channel's event loop.
public final class ClientSession {
    private static final Logger log = LoggerFactory.getLogger(ClientSession.class);

    /// Where the client is in its session.
    public enum State { GREETING, IDLE, WAITING, SHARING, LEASED, RESOLVING, DEPARTED, CLOSED }

    private final SessionContext context;
    private final DatabasePool pool;
    private final ClientIdentity identity;
    private final ClientSocket socket;
    private final Pins pins;
    private final ClientSettings settings;
    private final ClientStatements statements;
    private final SqlStatementNames sqlNames = new SqlStatementNames(this);
    private final Portals portals = new Portals();
    private final SessionEffects effects;
    private final RowShapes shapes = new RowShapes();
    private final Repetition repetition = new Repetition();
    private final InsertNotes inserts = new InsertNotes(this);
    private final LeasePath path;
    private final ClientLease lease;
    private final WaitingBytes waiting;
    private final RequestWalk walk;
    private final ClientProgress progress;
    private final ClientCancel cancel;
    private final SessionEnd end;
    private final SessionTimes times = new SessionTimes(System.nanoTime());
    private State state = State.GREETING;
    private int place;
    private final CommitPath commit = new CommitPath(this);
    private final SharedCommits sharing = new SharedCommits(this);
    private final FailedTransaction failedTransaction = new FailedTransaction(this);
    private final StallWatch stalls = new StallWatch();

    /// @param startup settings of the StartupMessage
    /// @param onClose called once, when the client is gone
    public ClientSession(SessionContext context, DatabasePool pool, ClientIdentity identity, Settings startup, Channel channel, Runnable onClose) {
        this.context = context;
        this.pool = pool;
        this.identity = identity.without(pool.shared().key().user(), pool.shared().key().database());
        this.socket = new ClientSocket(this, channel, context.buffers());
        this.pins = new Pins(context, pool);
        this.settings = new ClientSettings(context, pool, pins, startup);
        this.statements = new ClientStatements(context, pool, settings);
        this.effects = new SessionEffects(context, pool, settings, pins, statements, shapes, portals);
        this.path = new LeasePath(this);
        this.lease = new ClientLease(this);
        this.waiting = new WaitingBytes(context.buffers());
        this.progress = new ClientProgress(this);
        this.walk = new RequestWalk(this);
        this.cancel = new ClientCancel(this);
        this.end = new SessionEnd(this, onClose);
    }

    /// Greets the client, at once or when a backend has said what to tell it.
    /// @param early what the client sent beyond its login; released here
    public void start(ByteBuf early) {
        context.opened(this);
        socket.opens();
        if (early.isReadable()) walk.read(early);
        else early.release();
        if (state != State.GREETING) return;   // what it sent with its login has ended it
        new Greeter(this).greet();
    }

    /// It is known what the client is told.
    void greeted(SequencedMap<String, String> parameterStatus) {
        settings.greeted(parameterStatus);
        ByteBuf out = channel().alloc().buffer(512);
        SessionMessages.greeting(out, parameterStatus, cancel.key().pid(), cancel.key().secret());
        becomes(State.IDLE);
        context.stats().login("ok");
        socket.write(out);
        if (!isOpen()) return;   // the write found that the client is gone
        socket.readAgain();
        if (context.draining()) end.drain();
        else walk.resume();
    }

    // --- what the client sends

    /// @param bytes released here
    void arrived(ByteBuf bytes) {
        times.requested(System.nanoTime());
        if (isOpen()) walk.read(bytes);
        else bytes.release();
    }

    // --- its state

    boolean isOpen() {
        return state != State.CLOSED && state != State.DEPARTED;
    }

    public boolean isWaiting() {
        return state == State.WAITING || state == State.GREETING;
    }

    /// The one door to every state. Nothing leaves CLOSED: a write that finds the client gone ends its session in the middle of what goes on.
    void becomes(State next) {
        if (state != State.CLOSED) state = next;
    }

    /// Messages are looked into: the next transaction may run on another backend.
    boolean looksInto() {
        return pool.mode() != PoolMode.SESSION;
    }

    // --- what it does without a backend

    /// @param in what the client has sent
    /// @param at where its next unit begins
    /// @return a backend now; null when the client has to wait, was refused, or shares a commit
    @Nullable BackendConnection acquire(ByteBuf in, int at) {
        return sharing.takes(in, at) ? null : path.acquire(in, at);
    }

    /// There will be no backend for what the client asks.
    void refused(Refusal refusal) {
        context.stats().refused(refusal.reason().word());
        if (state == State.GREETING) {
            end.told(refusal);
            return;
        }
        becomes(State.IDLE);
        times.ready(System.nanoTime());
        sharing.aloneOver();
        socket.readAgain();
        walk.refusePending(
                () -> socket.write(SessionMessages.error(refusal), SessionMessages.readyForQuery()),
                () -> socket.write(SessionMessages.error(refusal)));
        if (context.draining()) end.drain();
    }

    // --- when the backend is lost

    /// @param lost is not the client's any more
    void backendLost(BackendConnection lost, Loss loss, LossRules.Node node) {
        if (state == State.GREETING && recovers()) {
            path.askForGreeting();
            return;
        }
        if (state == State.LEASED && recovers() && loss.ending() != Loss.Ending.TOLD && isOpen()) {
            new LostBackend(this, lost, loss, node).handle();
            return;
        }
        settings.backendLost();
        if (loss.ending() == Loss.Ending.TOLD) {
            // The server's last words may be withheld from the client.
            toClient().deliver();
            toClient().finish();
            end.close(ClientClose.SERVER_FATAL);
        } else {
            end.lost(loss);
        }
    }

    /// The client stays when its backend is lost, and what it asks is kept until it is answered.
    boolean recovers() {
        return pool.clientsOutliveBackends();
    }

    // --- cancel, time, the end

    /// A CancelRequest of the client came.
    /// @param delivered called on this event loop when there is nothing left to do for it
    public void cancel(Runnable delivered) {
        cancel.requested(delivered);
    }

    /// Ends the session if one of its limits is over.
    void tick(long nowNanos, TimeoutsConfig timeouts) {
        if (isWaiting() || state == State.SHARING || state == State.RESOLVING) return;
        BackendConnection leased = lease.backend();
        Stall stall = Stall.of(this);
        String stalled = stalls.look(stall, nowNanos);
        if (stalled != null) log.error("client {}: stalled, {}: {}, {} bytes pending, backend {}", identity.address(), stalled, stall, waiting.size(), leased == null ? "none" : leased.greeting().address());
        TimeLimit over = times.exceeded(leased, commit.probe().awaitsAnswer(), nowNanos, timeouts);
        if (over == null) return;
        if (over == TimeLimit.QUERY && leased != null) context.canceller().cancel(leased, () -> { });
        end(over.reason(), over.message());
    }

    /// Tells the client why, and closes.
    public void end(RefusalReason reason, String message) {
        end.refused(reason, message);
    }

    // --- its parts

    ClientSocket socket() {
        return socket;
    }

    SessionContext context() {
        return context;
    }

    ClientSettings settings() {
        return settings;
    }

    Pins pins() {
        return pins;
    }

    /// What it has prepared.
    ClientStatements statements() {
        return statements;
    }

    Portals portals() {
        return portals;
    }

    /// What its statements do to it.
    SessionEffects effects() {
        return effects;
    }

    RowShapes shapes() {
        return shapes;
    }

    /// For the census of INSERTs.
    InsertNotes inserts() {
        return inserts;
    }

    Repetition repetition() {
        return repetition;
    }

    SqlStatementNames sqlNames() {
        return sqlNames;
    }

    SessionTimes times() {
        return times;
    }

    /// Its way to a commit.
    CommitPath commit() {
        return commit;
    }

    /// Its way to a backend.
    LeasePath path() {
        return path;
    }

    /// The backend that it has.
    ClientLease lease() {
        return lease;
    }

    /// What it has sent and could not be worked on yet.
    WaitingBytes waiting() {
        return waiting;
    }

    /// Whether that can be worked on now.
    ClientProgress progress() {
        return progress;
    }

    RequestWalk walk() {
        return walk;
    }

    /// Its INSERTs that share commits.
    SharedCommits sharing() {
        return sharing;
    }

    /// What is left to it of a transaction that was lost.
    FailedTransaction failedTransaction() {
        return failedTransaction;
    }

    Outgoing toClient() {
        return socket.replies();
    }

    /// Its cancel key.
    ClientCancel cancel() {
        return cancel;
    }

    /// How it ends.
    SessionEnd end() {
        return end;
    }

    // --- for the console

    int place() {
        return place;
    }

    void place(int newPlace) {
        place = newPlace;
    }

    public State state() {
        return state;
    }

    public ClientIdentity identity() {
        return identity;
    }

    public DatabasePool pool() {
        return pool;
    }

    public Channel channel() {
        return socket.channel();
    }

    public Set<PinReason> pinnedBy() {
        return pins.held();
    }

    public long connectedNanos() {
        return times.connectedNanos();
    }

    public long requestNanos() {
        return times.requestNanos();
    }

    /// Since when it has waited for a backend, if it waits.
    public long waitingSinceNanos() {
        return times.waitingSinceNanos();
    }

    /// Unique in this process, and what the client takes for its backend's process id.
    public int id() {
        return cancel.key().pid();
    }

    public int preparedStatements() {
        return statements.size();
    }

    public Optional<BackendConnection> leasedConnection() {
        return Optional.ofNullable(lease.backend());
    }

    public String applicationName() {
        return settings.tracker().desired().get("application_name").orElse("");
    }
}
