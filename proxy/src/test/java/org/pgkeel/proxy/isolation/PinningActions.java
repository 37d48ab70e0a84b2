package org.pgkeel.proxy.isolation;

import java.io.IOException;
import java.util.List;
import java.util.Random;

/// What transaction pooling cannot carry, and what is undone again afterwards: temporary tables, session advisory locks, LISTEN,
/// cursors WITH HOLD; and portals that are read bit by bit. Threading: confined to its client.
final class PinningActions {
    private final Session session;
    private final WireClient wire;
    private final Random random;
    private final Tally tally;

    PinningActions(Session session, Random random, Tally tally) {
        this.session = session;
        this.wire = session.wire;
        this.random = random;
        this.tally = tally;
    }

    void any() throws IOException {
        switch (random.nextInt(5)) {
            case 0 -> temporaryTable();
            case 1 -> advisoryLock();
            case 2 -> listen();
            case 3 -> heldCursor();
            default -> portal();
        }
    }

    private void temporaryTable() throws IOException {
        String mark = session.mark();
        session.run("create temporary table mine (v text)", 'I');
        session.run("insert into mine values ('" + mark + "')", 'I');
        identities();
        one("select v from mine", mark);
        session.run("drop table mine", 'I');
        if (random.nextBoolean()) {
            tally.transactions.increment();
            session.run("begin", 'T');
            session.run("create temporary table mine on commit drop as select '" + mark + "'::text as v", 'T');
            WireReply reply = session.ask("select v from mine");
            session.must(reply.rows.equals(List.of(List.of(mark))), mark, reply);
            session.run("commit", 'I');
        }
    }

    private void advisoryLock() throws IOException {
        int key = session.token.hashCode();
        one("select coalesce(pg_advisory_lock(" + key + ", 7)::text, '')", "");
        identities();
        one("select count(*) from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()", "1");
        one("select pg_advisory_unlock(" + key + ", 7)", "t");
    }

    private void listen() throws IOException {
        String channel = "iso_" + session.token.replaceAll("\\W", "_");
        String mark = session.mark();
        session.run("listen " + channel, 'I');
        identities();
        WireReply reply = session.ask("notify " + channel + ", '" + mark + "'");
        session.must(reply.notifications.equals(List.of(channel + " " + mark)), "its notification " + mark, reply);
        session.run("unlisten *", 'I');
    }

    private void heldCursor() throws IOException {
        String mark = session.mark();
        session.run("declare held cursor with hold for select '" + mark + "' || n from generate_series(1, 3) n", 'I');
        one("fetch 1 from held", mark + "1");
        identities();
        one("fetch 1 from held", mark + "2");
        session.run("close held", 'I');
    }

    /// Execute with a limit, in a transaction, with another statement in between.
    private void portal() throws IOException {
        String mark = session.mark();
        tally.transactions.increment();
        session.run("begin", 'T');
        session.step("portal " + mark);
        wire.out().parse("", "select $1::text || n from generate_series(1, 5) n").bind("p", "", List.of(mark)).execute("p", 2).sync();
        wire.flush();
        WireReply first = wire.reply();
        session.must(first.suspended == 1 && first.rows.equals(List.of(List.of(mark + 1), List.of(mark + 2))), "two rows of " + mark, first);
        wire.out().execute("p", 2).execute("p", 2).sync();
        wire.flush();
        WireReply rest = wire.reply();
        session.must(rest.suspended == 1 && rest.rows.size() == 3 && rest.rows.getLast().equals(List.of(mark + 5)), "three rows of " + mark, rest);
        session.run("rollback", 'I');
    }

    private void identities() throws IOException {
        for (int i = random.nextInt(3); i > 0; i--) {
            String mark = session.mark();
            session.checkIdentity(session.ask("select '" + mark + "', " + Identity.COLUMNS), List.of(mark), 'I');
        }
    }

    private void one(String sql, String expected) throws IOException {
        WireReply reply = session.ask(sql);
        session.must(reply.errors.isEmpty() && reply.rows.equals(List.of(List.of(expected))), expected, reply);
    }
}
