package org.pgkeel.proxy.session;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.pgkeel.protocol.wire.FrontendType;
import org.pgkeel.proxy.coalesce.Contribution;
import org.pgkeel.proxy.coalesce.Contributor;
import org.pgkeel.proxy.coalesce.Place;
import org.pgkeel.proxy.coalesce.Target;
import org.pgkeel.proxy.config.CoalesceConfig;
import org.pgkeel.proxy.config.CoalesceRule;
import org.pgkeel.proxy.insert.InsertShape;
import org.pgkeel.proxy.prepare.SharedStatement;
import org.pgkeel.proxy.refusal.Refusal;
import org.pgkeel.proxy.refusal.RefusalReason;
import org.pgkeel.proxy.relay.Outgoing;
import org.pgkeel.proxy.relay.ServerDeath;
import org.pgkeel.proxy.settings.Settings;
import org.pgkeel.proxy.statement.StatementScan;

/// One client's INSERTs that share commits with those of others: finds them in what the client sends, and answers for them. What is taken stays
/// among the bytes that wait, so that it can still be run as if nothing had been taken.
///
/// Threading: confined to the session's event loop.
final class InsertSharing implements Contributor {
    /// A longer request gains nothing by sharing a commit.
    static final int REQUEST_BYTES_MAX = 16 * 1024;
    private static final byte[] INSERTED = {'C', 0, 0, 0, 15, 'I', 'N', 'S', 'E', 'R', 'T', ' ', '0', ' ', '1', 0};
    private static final int ANSWER_BYTES_MAX = 5 + INSERTED.length;
    private static final int SYNC_BYTES = 5;
    private static final int[] NO_TYPES = {};
    /// What does not share commits now is looked at again after this.
    private static final long LOOK_AGAIN_NANOS = 100_000_000;

    private final ClientSession session;
    private final SessionContext context;
    private final Contribution contribution = new Contribution(this);
    /// The next request runs by itself.
    private boolean once;
    private @Nullable Target aloneIn;
    /// Units that run by themselves and were not given to a backend yet.
    private int unitsAlone;
    /// They are with a backend: what is behind them waits until they are answered, for it may share its commit again.
    private boolean aloneUnderWay;

    private final InsertUnits units;

    // What was found for the last one.
    private @Nullable SharedStatement lastStatement;
    private @Nullable InsertShape lastShape;
    private @Nullable Settings lastSettings;
    private @Nullable CoalesceConfig lastRules;
    private @Nullable Target target;
    private long lookAgainNanos;

    InsertSharing(ClientSession session, SessionContext context) {
        this.session = session;
        this.context = context;
        this.units = new InsertUnits(session);
    }

    // --- what the client sends

    /// Takes the client's next request, if it is an INSERT that waits for others: a unit, or several that the client has sent without waiting.
    /// @param at where it begins
    /// @return whether it is taken: one of the [Contributor]'s calls follows
    boolean takes(ByteBuf in, int at) {
        if (once) {
            once = false;
            return false;
        }
        aloneOver();
        boolean simple = in.getByte(at) == FrontendType.QUERY;
        if (!simple && !units.readFirst(in, at)) return false;
        int bytes = simple ? 1 + in.getInt(at + 1) : units.bytes();
        if (bytes <= 0 || bytes > REQUEST_BYTES_MAX || at + bytes > in.writerIndex()) return false;
        InsertShape shape = simple ? context.coalescer().templates().find(in, at + 5, at + bytes - 1) : shapeOf(units.statement());
        if (shape == null) return false;
        SharedStatement bound = simple ? null : units.statement();
        long now = System.nanoTime();
        Target to = targetOf(shape, bound, now);
        if (to == null) return false;
        if (!simple && to.takesSeveralUnits()) units.readOthers(in, at, REQUEST_BYTES_MAX);
        int inserted = shape.rows() * (simple ? 1 : units.rows());
        if (simple) contribution.describe(to, Contribution.Form.SIMPLE, null, bytes, inserted);
        else contribution.describe(to, Contribution.Form.EXTENDED, bound, units.bytes(), inserted).inUnits(units.units());
        if (to.offer(contribution, in, at, now)) {
            if (context.inserts().isDue()) context.inserts().coalesced(session.identity().database(), session.identity().user(), shape.writtenName(), inserted);
            return true;
        }
        begin(to);
        return false;
    }

    /// The request runs by itself.
    private void begin(@Nullable Target in) {
        aloneIn = in;
        unitsAlone = contribution.units();
    }

    /// A unit was given to a backend.
    /// @return whether what follows it has to wait
    boolean waitsBehind() {
        aloneUnderWay = aloneIn != null && --unitsAlone == 0;
        return aloneUnderWay;
    }

    /// What the client sends next has to wait until what runs by itself is answered.
    boolean isAloneUnderWay() {
        return aloneUnderWay;
    }

    /// What was sent is answered, or is to be sent once more.
    /// @return whether something has waited for that
    boolean aloneAnswered() {
        boolean waited = aloneUnderWay;
        aloneUnderWay = false;
        return waited;
    }

    private @Nullable InsertShape shapeOf(@Nullable SharedStatement of) {
        if (of == null || (of.flags() & ~StatementScan.PLAIN) != 0 || !of.effects().isEmpty() || of.kind() != SharedStatement.Kind.PARSE || session.shapes().isOutdated(of)) return null;
        if (!of.isOf(session.settings().meaning())) return null;   // its literals were read by other settings
        if (RowShapes.mayDiffer(of, session.statements().generation())) return null;   // by itself its backend is asked
        if (of == lastStatement && lastShape != null) return lastShape;
        Optional<InsertShape> shape = of.insert(session.settings().dialect());
        return shape.orElse(null);
    }

    private @Nullable Target targetOf(InsertShape shape, @Nullable SharedStatement of, long now) {
        CoalesceConfig rules = context.config().coalesce();
        Settings settings = session.settings().tracker().desired();
        Target known = target;
        boolean same = shape == lastShape && of == lastStatement && settings == lastSettings && rules == lastRules;
        if (same && known == null && now - lookAgainNanos < 0) return null;
        if (same && known != null && known.isCurrent(now)) return known;
        lastShape = shape;
        lastStatement = of;
        lastSettings = settings;
        lastRules = rules;
        String application = settings.get("application_name").orElse("");
        List<CoalesceRule> mine = rules.rules().stream().filter(rule -> rule.isFor(session.identity().user(), application)).toList();
        Place place = context.placeOf(session.pool());
        known = mine.isEmpty() ? null : context.coalescer().target(place, mine, settings, shape, of == null ? NO_TYPES : of.parameterTypes(), now);
        target = known;
        lookAgainNanos = now + LOOK_AGAIN_NANOS;
        return known;
    }

    /// What ran by itself has ended, if something did.
    void aloneOver() {
        Target in = aloneIn;
        aloneIn = null;
        aloneUnderWay = false;
        if (in != null) in.aloneEnded(contribution);
    }

    /// A request that waits is taken back.
    /// @return false if it is on its way, or its client was told already
    boolean withdraw() {
        boolean away = contribution.isAway();
        if (!contribution.withdraw()) return false;
        if (!away) return true;
        refusedAway(Refusal.cancelled());
        return false;
    }

    /// The client is gone.
    void leave() {
        contribution.abandon();
        aloneOver();
    }

    // --- what became of it

    @Override
    public ByteBuf request() {
        return session.waiting().peek();
    }

    @Override
    public void pauseReading() {
        session.socket().pauseReading();
    }

    @Override
    public void away(int bytes) {
        session.waiting().drop(bytes);
        session.socket().pauseReading();
    }

    @Override
    public void back(byte[] request) {
        session.waiting().again(request);
    }

    @Override
    public void refusedAway(Refusal refusal) {
        tellEachUnit(refusal, 0);
    }

    private void tellEachUnit(Refusal refusal, int bytes) {
        long now = aboutToTell();
        for (int unit = 0; unit < contribution.units(); unit++) {
            context.stats().refused(refusal.reason().word());
            session.socket().write(SessionMessages.error(refusal), SessionMessages.readyForQuery());
        }
        answered(bytes, now);
    }

    /// Before the client hears that its rows are there, reads of others may have to see them.
    private long aboutToTell() {
        long now = System.nanoTime();
        session.path().wrote(now);
        return now;
    }

    @Override
    public void committed(ByteBuf notices) {
        ByteBuf request = request();
        Outgoing out = session.toClient();
        int from = request.readerIndex();
        if (request.getByte(from) == FrontendType.QUERY) {
            out.room(ANSWER_BYTES_MAX).writeBytes(INSERTED);
        } else {
            int last = from + contribution.bytes() - SYNC_BYTES;
            for (int at = from; at < last; at += 1 + request.getInt(at + 1)) answer(request.getByte(at), out);
        }
        end(notices);
    }

    private static void answer(byte type, Outgoing out) {
        ByteBuf room = out.room(ANSWER_BYTES_MAX);
        switch (type) {
            case FrontendType.PARSE -> room.writeByte('1').writeInt(4);
            case FrontendType.BIND -> room.writeByte('2').writeInt(4);
            case FrontendType.DESCRIBE -> room.writeByte('n').writeInt(4);
            case FrontendType.EXECUTE -> room.writeBytes(INSERTED);
            case FrontendType.SYNC -> ready(room);
            default -> throw new IllegalStateException("message '" + (char) type + "' of an INSERT");
        }
    }

    private static void ready(ByteBuf room) {
        room.writeByte('Z').writeInt(5).writeByte('I');
    }

    @Override
    public void committed(ByteBuf replies, int from, int to, ByteBuf notices) {
        session.toClient().run(replies, from, to);
        end(notices);
    }

    private void end(ByteBuf notices) {
        Outgoing out = session.toClient();
        if (notices.isReadable()) out.run(notices, notices.readerIndex(), notices.writerIndex());
        ready(out.room(ANSWER_BYTES_MAX));
        long now = aboutToTell();
        out.finish();
        answered(contribution.bytes(), now);
    }

    /// The client has its answer.
    /// @param bytes of its request that are among those that wait
    private void answered(int bytes, long now) {
        if (contribution.statement() == null) session.statements().forgetUnnamed();
        else if (units.parses()) session.statements().restoreUnnamed(contribution.statement());
        session.path().deaths().forget();
        SessionTimes times = session.times();
        times.ready(now);
        for (int unit = 0; unit < contribution.units(); unit++) session.pool().shared().slice(context.index()).stats().queryEnded(times.queryNanos());
        session.waiting().drop(bytes);
        if (session.sharing().over() && context.draining()) session.end().drain();
    }

    @Override
    public int serverDied(ServerDeath how, long reign) {
        session.path().deaths().ofPrimary(how, reign);
        return session.path().deaths().weight();
    }

    @Override
    public void alone() {
        once = true;
        begin(target);
        session.sharing().over();
    }

    @Override
    public void failed(ByteBuf replies, int from, int to, byte[] error) {
        session.toClient().run(replies, from, to);
        session.toClient().room(error.length + 5).writeByte('E').writeInt(error.length + 4).writeBytes(error);
        end(Unpooled.EMPTY_BUFFER);
    }

    @Override
    public void refused(Refusal refusal) {
        if (session.state() == ClientSession.State.SHARING) session.path().refused(refusal);
    }

    @Override
    public void unknown() {
        Refusal refusal = Refusal.of(RefusalReason.OUTCOME_UNKNOWN, "failover: it is not known whether the transaction was committed", "Look for its effects before it is sent again.");
        tellEachUnit(refusal, contribution.bytes());
    }

    @Override
    public void lost(String why) {
        session.end().backendLost(why);
    }

    @Override
    public void broken(Throwable bug) {
        session.channel().pipeline().fireExceptionCaught(bug);   // as a bug in what the client itself has sent: it is closed
    }
}
