package org.pgkeel.proxy.session;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import org.pgkeel.proxy.census.InsertCensus;
import org.pgkeel.proxy.coalesce.Coalescer;
import org.pgkeel.proxy.observe.InsertHabit;
import org.pgkeel.proxy.prepare.SharedStatement;
import org.pgkeel.proxy.relay.Exchange;
import org.pgkeel.proxy.statement.StatementScan;

/// Tells the [InsertCensus] of the statements that it wants to look at, and what would keep an INSERT from sharing a commit where it stands.
///
/// Threading: confined to the session's event loop.
final class InsertNotes {
    private static final int BEGINNING_BYTES = 1024;

    private final ClientSession session;
    /// Where a BEGIN, or its like, was sent last: until it is answered the backend's status says nothing.
    private @Nullable Exchange controlled;
    private int controlBatch;
    /// Executed first in the batch that is composed.
    private @Nullable SharedStatement first;
    private @Nullable Exchange firstIn;
    private int firstBatch;

    InsertNotes(ClientSession session) {
        this.session = session;
    }

    /// A simple Query goes to the backend.
    /// @param from  where its text begins
    /// @param flags of [StatementScan]
    void query(Exchange exchange, ByteBuf in, int from, int to, int flags) {
        if ((flags & StatementScan.TRANSACTION_CONTROL) != 0) control(exchange);
        if (session.context().inserts().isDue()) look(exchange, in, from, to);
    }

    /// A statement is executed.
    void executed(Exchange exchange, @Nullable SharedStatement statement) {
        int batch = exchange.openBatch();
        if (firstIn != exchange || firstBatch != batch) {
            first = statement;
            firstIn = exchange;
            firstBatch = batch;
        }
        if (statement != null && (statement.flags() & StatementScan.TRANSACTION_CONTROL) != 0) control(exchange);
        if (session.context().inserts().isDue()) look(exchange, statement);
    }

    private void control(Exchange exchange) {
        controlled = exchange;
        controlBatch = exchange.openBatch();
    }

    private void look(Exchange exchange, ByteBuf in, int from, int to) {
        InsertCensus census = session.context().inserts();
        byte begin = firstOf(in, from, to);
        if (begin != 'i' && begin != 'I' && begin != '/' && begin != '-') {
            census.nothing();
            return;
        }
        String database = session.identity().database();
        String user = session.identity().user();
        if (to - from > InsertSharing.REQUEST_BYTES_MAX) {
            census.longQuery(database, user, in.toString(from, BEGINNING_BYTES, StandardCharsets.ISO_8859_1));
            return;
        }
        InsertHabit outside = outside(exchange);
        if (outside == null && session.context().coalescer().templates().find(in, from, to) == null) outside = InsertHabit.SIMPLE_QUERY;
        census.query(database, user, in.toString(from, to - from, StandardCharsets.ISO_8859_1), session.settings().dialect(), outside);
    }

    private void look(Exchange exchange, @Nullable SharedStatement statement) {
        InsertCensus census = session.context().inserts();
        if (statement == null || statement.kind() != SharedStatement.Kind.PARSE) {
            census.nothing();
            return;
        }
        InsertHabit outside = outside(exchange);
        if (outside == null && first != statement) outside = InsertHabit.WITH_OTHERS;
        census.executed(session.identity().database(), session.identity().user(), statement, statement::text, session.settings().dialect(), outside);
    }

    private @Nullable InsertHabit outside(Exchange exchange) {
        boolean controlIsUnanswered = controlled == exchange && exchange.openBatch() - controlBatch <= exchange.owed();
        if (exchange.status() != 'I' || controlIsUnanswered) return InsertHabit.IN_TRANSACTION;
        if (!session.pins().isEmpty()) return InsertHabit.PINNED;
        return session.settings().meaningIsOwn() || !Coalescer.isUsual(session.settings().tracker().desired()) ? InsertHabit.SETTINGS : null;
    }

    private static byte firstOf(ByteBuf in, int from, int to) {
        int at = from;
        while (at < to && in.getByte(at) <= ' ' && in.getByte(at) >= 0) at++;
        return at < to ? in.getByte(at) : 0;
    }
}
