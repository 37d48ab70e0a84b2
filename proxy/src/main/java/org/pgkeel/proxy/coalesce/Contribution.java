package org.pgkeel.proxy.coalesce;

import org.jspecify.annotations.Nullable;
import org.pgkeel.proxy.observe.InsertWay;
import org.pgkeel.proxy.prepare.SharedStatement;

/// One client's request that shares its commit with others. A client has one at a time, and uses the object again.
///
/// | from   | event                          | to     |
/// |--------|--------------------------------|--------|
/// | Free   | taken                          | Queued |
/// | Queued | its batch leaves               | Sent   |
/// | Sent   | the batch is to be sent again  | Queued |
/// | Queued | withdrawn                      | Free   |
/// | any    | its end is told to the client  | Free   |
///
/// Threading: confined to its event loop.
public final class Contribution {
    enum State { FREE, QUEUED, SENT }

    /// How the client sent it.
    public enum Form {
        /// One Query.
        SIMPLE,
        /// Parse, or not; Bind, Describe or not, Execute, once or more; Sync. All of it once, or more: units, of which each is a transaction for its client.
        EXTENDED
    }

    private final Contributor client;
    private final RowKeys keys = new RowKeys();
    private long lanes;
    private boolean apart;
    private boolean suspect;
    private boolean unsayable;
    private boolean heldBack;
    private State state = State.FREE;
    private Form form = Form.SIMPLE;
    private @Nullable SharedStatement statement;
    private @Nullable Target target;
    private boolean abandoned;
    private int bytes;
    private int rows;
    private int units;
    private long sinceNanos;
    private int attempts;
    private InsertWay aloneFor = InsertWay.QUIET;
    /// It runs as its client sent it, whatever its target says.
    private boolean unchanged;
    private boolean cancelled;
    private int inserted;
    private int repliesFrom;
    private int repliesTo;
    /// Where its bytes are on disk, or go.
    private Spill.@Nullable Piece piece;
    private boolean away;

    public Contribution(Contributor client) {
        this.client = client;
    }

    /// @param statement what is bound; null for a simple Query
    /// @param bytes     of the request
    /// @param rows      that it inserts
    public Contribution describe(Target where, Form how, @Nullable SharedStatement statement, int bytes, int rows) {
        if (state != State.FREE) throw new IllegalStateException("a client's request is under way: " + state);
        this.target = where;
        this.form = how;
        this.statement = statement;
        this.bytes = bytes;
        this.rows = rows;
        this.units = 1;
        this.attempts = 0;
        this.abandoned = false;
        this.apart = false;
        this.suspect = false;
        this.unsayable = false;
        this.heldBack = false;
        this.keys.clear();
        this.unchanged = false;
        this.cancelled = false;
        this.inserted = 0;
        forgetReplies();
        return this;
    }

    /// @param count how many ReadyForQuery its client is owed
    public void inUnits(int count) {
        units = count;
    }

    /// The client is gone: what is queued is forgotten, what was sent goes on without it.
    public void abandon() {
        if (state == State.QUEUED && target != null) target.queue().withdraw(this);
        abandoned = state == State.SENT;
    }

    /// @return false if it was sent already
    public boolean withdraw() {
        cancelled |= state == State.SENT;
        return state == State.QUEUED && target != null && target.queue().withdraw(this);
    }

    void become(State next) {
        boolean allowed = switch (state) {
            case FREE -> next == State.QUEUED;
            case QUEUED -> next != State.QUEUED;
            case SENT -> next != State.SENT;
        };
        if (!allowed) throw new IllegalStateException("contribution: " + state + " to " + next);
        if (away) throw new IllegalStateException("its bytes are on disk");
        piece = null;
        state = next;
    }

    // --- whom it may leave with

    /// Of its rows; none where there is no order.
    RowKeys keys() {
        return keys;
    }

    /// A bit for each lane that its rows belong to, see [LaneChoice].
    long lanes() {
        return lanes;
    }

    void lanes(long those) {
        lanes = those;
    }

    /// It leaves with nobody: its batch has failed.
    boolean isApart() {
        return apart;
    }

    void setApart(InsertWay why) {
        apart = true;
        aloneFor = why;
    }

    /// Servers may die of it: while it is under way nothing else of its queue is.
    boolean isSuspect() {
        return suspect;
    }

    void setSuspect() {
        suspect = true;
        setApart(InsertWay.BACKEND_FAILED);
    }

    /// No COPY can say its rows.
    boolean isUnsayable() {
        return unsayable;
    }

    void setUnsayable() {
        unsayable = true;
    }

    boolean mayBeCopied() {
        return !apart && !unsayable && target().isCopyable();
    }

    /// Why it runs by itself, if it does.
    InsertWay aloneFor() {
        return aloneFor;
    }

    void aloneFor(InsertWay why) {
        aloneFor = why;
    }

    /// Others of its key go first: its client is not read from.
    void holdBack() {
        if (heldBack) return;
        heldBack = true;
        target().queue().stats().heldBack(rows);
        client.pauseReading();
    }

    // --- its bytes, while it is queued

    /// Its bytes may go to disk.
    boolean mayGoAway(SpilledRows.Owner queue) {
        return state == State.QUEUED && piece == null && target().queue().waiting() == queue;
    }

    /// Its bytes are being written, and still in memory.
    void goingAway(Spill.Piece to) {
        piece = to;
    }

    void away() {
        away = true;
    }

    /// Its bytes are in memory, or not needed any more.
    void stays() {
        away = false;
        piece = null;
    }

    /// Its bytes are on disk, and not in memory.
    public boolean isAway() {
        return away;
    }

    Spill.@Nullable Piece piece() {
        return piece;
    }

    Contributor client() {
        return client;
    }

    /// Its client hears something. A bug on the way there is that client's alone: those behind it in the same batch hear all the same.
    void tell(Runnable what) {
        try {
            what.run();
        } catch (RuntimeException | Error bug) {
            client.broken(bug);
        }
    }

    /// The client is gone; nobody is to be told, and its bytes are not there any more.
    boolean isAbandoned() {
        return abandoned;
    }

    Form form() {
        return form;
    }

    public @Nullable SharedStatement statement() {
        return statement;
    }

    Target target() {
        if (target == null) throw new IllegalStateException("not described");
        return target;
    }

    public int bytes() {
        return bytes;
    }

    int rows() {
        return rows;
    }

    /// How many transactions its client takes it for.
    public int units() {
        return units;
    }

    long sinceNanos() {
        return sinceNanos;
    }

    void since(long nowNanos) {
        sinceNanos = nowNanos;
    }

    /// How often its batch has failed.
    int attempts() {
        return attempts;
    }

    void failedOnceMore() {
        attempts++;
    }

    /// Its key may be in the table already: it runs in a batch, of its own if need be.
    boolean isDeduplicated() {
        return !unchanged && target().clause().isPresent();
    }

    void goUnchanged() {
        unchanged = true;
    }

    /// Its client wants it no more.
    boolean isCancelled() {
        return cancelled;
    }

    /// Rows of it that were not there already.
    int inserted() {
        return inserted;
    }

    void inserted(int rowsOfIt) {
        inserted = rowsOfIt;
    }

    /// What was answered to it does not count any more.
    void forgetReplies() {
        repliesFrom = 0;
        repliesTo = 0;
    }

    void repliesBegin(int at) {
        repliesFrom = at;
    }

    void repliesEnd(int at) {
        repliesTo = at;
    }

    int repliesFrom() {
        return repliesFrom;
    }

    int repliesTo() {
        return repliesTo;
    }
}
