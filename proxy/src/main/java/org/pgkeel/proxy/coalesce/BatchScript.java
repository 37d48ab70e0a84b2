package org.pgkeel.proxy.coalesce;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.pgkeel.protocol.wire.FrontendType;
import org.pgkeel.protocol.wire.ProtocolViolation;
import org.pgkeel.proxy.prepare.SharedStatement;
import org.pgkeel.proxy.relay.BackendConnection;
import org.pgkeel.proxy.relay.OutcomeProbe;
import org.pgkeel.proxy.settings.Settings;
import org.pgkeel.proxy.settings.SettingsDiff;

/// What one batch sends to its backend, message by message, and how far the server has answered it. What the backend has prepared is kept in step
/// with it: what an error made the server skip does not count.
///
/// Threading: confined to its event loop.
final class BatchScript {
    private final List<Step> steps = new ArrayList<>();
    private int answered;
    /// The step that prepares the question for the transaction's mark; -1 if none does.
    private int probePrepared = -1;

    // --- what is sent

    /// A message is sent.
    void expect(Step next) {
        steps.add(next);
    }

    /// Gives the backend the settings of the batch, by a Query in front of it.
    void settings(BackendConnection leased, Settings wanted, ByteBuf out) {
        String sql = SettingsDiff.sql(leased.applied(), wanted);
        if (sql.isEmpty()) return;
        byte[] text = sql.getBytes(StandardCharsets.UTF_8);
        out.writeByte(FrontendType.QUERY).writeInt(text.length + 5).writeBytes(text).writeByte(0);
        expect(Step.own(Step.Ends.QUERY));
    }

    /// Prepares a statement of the batch's own, or of a client, where the backend does not have it.
    void ensure(BackendConnection leased, SharedStatement statement, ByteBuf out) {
        if (leased.statements().has(statement)) return;
        leased.slice().stats().serverParsed();
        byte[] name = statement.name();
        byte[] body = statement.body();
        out.writeByte(FrontendType.PARSE).writeInt(name.length + body.length + 5).writeBytes(name).writeByte(0).writeBytes(body);
        expect(Step.prepares(statement));
        SharedStatement evicted = leased.statements().add(statement, -1);
        if (evicted == null) return;
        byte[] gone = evicted.name();
        out.writeByte(FrontendType.CLOSE).writeInt(gone.length + 6).writeByte('S').writeBytes(gone).writeByte(0);
        expect(Step.closes(evicted));
    }

    /// Asks for the transaction's mark, and for the answer at once.
    void askMark(BackendConnection leased, ByteBuf out) {
        if (!leased.statements().hasProbe()) {
            leased.statements().probe(true);
            OutcomeProbe.writeParse(out);
            probePrepared = steps.size();
            expect(Step.own(Step.Ends.PARSE));
        }
        OutcomeProbe.writeBindExecute(out);
        OutcomeProbe.writeFlush(out);
        expect(Step.own(Step.Ends.BIND));
        expect(Step.mark());
        expect(Step.own(Step.Ends.CLOSE));
    }

    // --- what is answered

    /// @return the message that is being answered; null if all are
    @Nullable Step now() {
        return answered < steps.size() ? steps.get(answered) : null;
    }

    /// The settings are being answered: their end is a ReadyForQuery.
    boolean isAtSettings() {
        Step now = now();
        return now != null && now.ends() == Step.Ends.QUERY;
    }

    /// @throws ProtocolViolation if nothing is to be answered any more
    Step nowFor(byte type) {
        Step now = now();
        if (now == null) throw new ProtocolViolation("message '" + (char) type + "' that nobody asked for");
        return now;
    }

    /// The message that was being answered is.
    void next(BackendConnection leased) {
        SharedStatement prepared = steps.get(answered).statement();
        if (prepared != null && steps.get(answered).ends() == Step.Ends.PARSE) leased.statements().confirm(prepared);
        answered++;
    }

    /// An error: the server skips what is left. What was to be prepared is not, what was to be closed is still there; the first word about a statement counts.
    void skipRest(BackendConnection leased) {
        for (Step skipped : steps.subList(answered, steps.size()).reversed()) {
            SharedStatement statement = skipped.statement();
            if (statement == null) continue;
            if (skipped.ends() == Step.Ends.CLOSE) leased.statements().keep(statement);
            else leased.statements().remove(statement);
        }
        if (answered <= probePrepared) leased.statements().probe(false);
    }
}
