package org.pgkeel.proxy.session;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.pgkeel.failover.outcome.TransactionMark;
import org.pgkeel.failover.outcome.Work;
import org.pgkeel.proxy.relay.Aside;
import org.pgkeel.proxy.relay.BackendConnection;
import org.pgkeel.proxy.relay.OutcomeProbe;
import org.pgkeel.proxy.statement.PreparedEnd;

/// COMMIT PREPARED and ROLLBACK PREPARED in `strict`: the prepared transaction's xid, and a position behind its preparation, are asked for ahead of the command. What
/// became of that transaction on the surviving server is what became of the command.
///
/// | step   | event                           | sent         | step   |
/// |--------|---------------------------------|--------------|--------|
/// | NONE   | the command, or its Parse       | the question | ASKING |
/// | ASKING | the command again               | nothing      | ASKING |
/// | ASKING | answered                        | nothing      | KNOWN  |
/// | KNOWN  | the command again               | the command  | NONE   |
///
/// Invariant: the mark is of the server's run that the command is sent to, for the lease lasts from one to the other.
///
/// Threading: confined to the session's event loop.
final class PreparedCommit {
    private static final int SHORTEST_BYTES = "commit prepared''".length();
    private static final int TEXT_BYTES_MAX = 1024;

    /// `pg_prepared_xacts` has xids without their epoch: it is the xid within 2^31 of the snapshot's end.
    private static final String QUESTION = """
            select s.xmax operator(pg_catalog.+) ((((p.transaction::pg_catalog.text::pg_catalog.int8 operator(pg_catalog.-) s.xmax) operator(pg_catalog.+) 2147483648) \
            operator(pg_catalog.&) 4294967295) operator(pg_catalog.-) 2147483648), pg_catalog.pg_current_wal_insert_lsn() \
            from pg_catalog.pg_prepared_xacts p, (select pg_catalog.pg_snapshot_xmax(pg_catalog.pg_current_snapshot())::pg_catalog.text::pg_catalog.int8) as s(xmax) \
            where p.gid operator(pg_catalog.=) %s""";

    private enum Step { NONE, ASKING, KNOWN }

    private final ClientSession session;
    private Step step = Step.NONE;

    PreparedCommit(ClientSession session) {
        this.session = session;
    }

    /// A text that may be such a command is about to be sent.
    /// @param text where it begins
    /// @param end  where it ends
    /// @param at   where its message begins
    /// @return whether the message has to wait
    boolean waits(BackendConnection leased, ByteBuf in, int text, int end, int from, int at) {
        return switch (step) {
            case NONE -> mayBe(in, text, end) && session.commit().encloses(leased) && asks(leased, in, text, end, from, at);
            case ASKING -> session.lease().waitsForReplies(leased, in, from, at);
            case KNOWN -> {
                step = Step.NONE;
                yield false;
            }
        };
    }

    private static boolean mayBe(ByteBuf in, int text, int end) {
        if (end - text < SHORTEST_BYTES || end - text > TEXT_BYTES_MAX) return false;
        int first = in.getByte(text) | 0x20;
        return first == 'c' || first == 'r';
    }

    private boolean asks(BackendConnection leased, ByteBuf in, int text, int end, int from, int at) {
        if (session.lease().waitsForReplies(leased, in, from, at)) return true;
        String sql = in.toString(text, end - text, StandardCharsets.ISO_8859_1);
        Optional<PreparedEnd> command = PreparedEnd.read(sql, session.settings().dialect());
        if (command.isEmpty() || command.get().gid().chars().anyMatch(c -> c >= 0x80)) return false;
        step = Step.ASKING;
        leased.outgoing().run(in, from, at);
        session.settings().beforeBatch(leased);
        leased.aside(QUESTION.formatted(command.get().gid()), new Answer(command.get().commits() ? Work.COMMIT_PREPARED : Work.ROLLBACK_PREPARED));
        session.lease().waitsForReplies(leased, in, at, at);
        return true;
    }

    private final class Answer implements Aside {
        private final Work work;
        private Optional<TransactionMark> mark = Optional.empty();

        Answer(Work work) {
            this.work = work;
        }

        @Override
        public void dataRow(ByteBuf in, int from, int bytes) {
            mark = OutcomeProbe.parse(in, from, bytes);
        }

        @Override
        public void error(byte[] errorBody) {
            mark = Optional.empty();
        }

        @Override
        public void done(byte status) {
            step = Step.KNOWN;
            mark.ifPresent(known -> session.commit().watch().prepared(work, known, session.times().leasedNanos()));
        }
    }

    void backendLost() {
        step = Step.NONE;
    }
}
