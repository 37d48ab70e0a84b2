package org.pgkeel.proxy.isolation;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/// What a client may do next in its session; every reply is checked. Threading: confined to its client.
final class Actions {
    private static final List<String> STATEMENT_NAMES = List.of("s1", "s2", "s3");
    private static final int VARIANTS = 12;
    private final Session session;
    private final WireClient wire;
    private final SessionModel model;
    private final Random random;
    private final Tally tally;
    private final PinningActions pinning;
    private final BatchActions batches;

    Actions(Session session, Random random, Tally tally) {
        this.session = session;
        this.wire = session.wire;
        this.model = session.model;
        this.random = random;
        this.tally = tally;
        this.batches = new BatchActions(session, random);
        this.pinning = new PinningActions(session, random, tally);
    }

    List<String> sendPipeline(int units) throws IOException {
        return batches.send(units);
    }

    void any() throws IOException {
        switch (random.nextInt(25)) {
            case 0, 1, 2, 3 -> askSimply('I');
            case 4, 5, 6 -> askUnnamed('I');
            case 7, 8, 9 -> askPrepared('I');
            case 10 -> deallocate();
            case 11, 12 -> set('I');
            case 13 -> reset();
            case 14, 15, 16 -> transaction();
            case 17 -> batches.any();
            case 18 -> fail('I');
            case 19 -> pinning.any();
            case 20 -> cancel();
            case 21 -> copy();
            case 22 -> manyRows();
            case 23 -> notice();
            case 24 -> wrongName();
            default -> throw new IllegalStateException();
        }
    }

    private void askSimply(char status) throws IOException {
        String mark = session.mark();
        session.checkIdentity(session.ask("select '" + mark + "', " + Identity.COLUMNS), List.of(mark), status);
    }

    private void askUnnamed(char status) throws IOException {
        String mark = session.mark();
        session.step("unnamed " + mark);
        wire.out().parse("", "select $1::text, " + Identity.COLUMNS).bind("", "", List.of(mark)).describePortal("").execute("", 0).sync();
        wire.flush();
        session.checkIdentity(wire.reply(), List.of(mark), status);
    }

    /// Under one of few names, prepared and executed by messages or by SQL, as it falls.
    private void askPrepared(char status) throws IOException {
        String name = STATEMENT_NAMES.get(random.nextInt(STATEMENT_NAMES.size()));
        String mark = session.mark();
        Integer variant = session.prepared.get(name);
        boolean bySql = random.nextInt(3) == 0;
        if (variant == null) {
            variant = random.nextInt(VARIANTS);
            session.prepared.put(name, variant);
            session.step("prepare " + name + " variant " + variant + (bySql ? " by SQL" : ""));
            if (bySql) session.run("prepare " + name + " (text) as " + Identity.preparedText(variant), status);
            else wire.out().parse(name, Identity.preparedText(variant));
        }
        List<String> expected = List.of(mark, "variant " + variant);
        if (bySql && session.prepared.containsKey(name) && wire.out().isEmpty()) {
            session.checkIdentity(session.ask("execute " + name + " ('" + mark + "')"), expected, status);
        } else {
            session.step("execute " + name + " " + mark);
            wire.out().bind("", name, List.of(mark)).execute("", 0).sync();
            wire.flush();
            session.checkIdentity(wire.reply(), expected, status);
        }
    }

    private void deallocate() throws IOException {
        String name = STATEMENT_NAMES.get(random.nextInt(STATEMENT_NAMES.size()));
        if (session.prepared.remove(name) == null) {
            WireReply reply = session.ask("execute " + name + " ('x')");
            session.must(reply.sqlState().equals("26000") && reply.rows.isEmpty(), "26000: it has no statement " + name, reply);
        } else if (random.nextBoolean()) {
            session.run("deallocate " + name, 'I');
        } else {
            session.step("close " + name);
            wire.out().closeStatement(name).sync();
            wire.flush();
            WireReply reply = wire.reply();
            session.must(reply.errors.isEmpty() && reply.status == 'I', "closed", reply);
        }
    }

    /// A name that is taken, or one that is not.
    private void wrongName() throws IOException {
        String name = STATEMENT_NAMES.get(random.nextInt(STATEMENT_NAMES.size()));
        boolean taken = session.prepared.containsKey(name);
        session.step((taken ? "parse the taken " : "bind the unknown ") + name);
        if (taken) wire.out().parse(name, "select 'another'").sync();
        else wire.out().bind("", name, List.of("x")).execute("", 0).sync();
        wire.flush();
        WireReply reply = wire.reply();
        session.must(reply.sqlState().equals(taken ? "42P05" : "26000") && reply.rows.isEmpty() && reply.status == 'I', taken ? "42P05" : "26000", reply);
    }

    private void set(char status) throws IOException {
        String setting = anySetting();
        String value = setting.equals(Identity.TOKEN) ? session.mark() : Identity.any(setting, random);
        boolean local = status == 'T' && random.nextInt(3) == 0;
        String literal = "'" + value.replace("'", "''") + "'";
        switch (random.nextInt(3)) {
            case 0 -> session.run("set " + (local ? "local " : "") + setting + " = " + literal, status);
            case 1 -> {
                String sql = "select set_config($1, $2, " + local + ")";
                session.step(sql + " " + setting + " " + value);
                wire.out().parse("", sql).bind("", "", List.of(setting, value)).execute("", 0).sync();
                wire.flush();
                WireReply reply = wire.reply();
                session.must(reply.errors.isEmpty() && reply.rows.equals(List.of(List.of(value))), value, reply);
            }
            default -> {
                String sql = (local ? "set local " : "set ") + setting + " to " + literal;
                session.step("extended " + sql);
                wire.out().parse("", sql).bind("", "", List.of()).execute("", 0).sync();
                wire.flush();
                WireReply reply = wire.reply();
                session.must(reply.errors.isEmpty() && reply.tags.equals(List.of("SET")), "SET", reply);
            }
        }
        if (local) model.setLocal(setting, value);
        else model.set(setting, value);
    }

    private String anySetting() {
        List<String> all = new ArrayList<>(Identity.SETTINGS);
        all.add(SessionModel.ROLE);
        all.add(Identity.TOKEN);
        return all.get(random.nextInt(all.size()));
    }

    private void reset() throws IOException {
        switch (random.nextInt(4)) {
            case 0 -> {
                session.run("discard all", 'I');
                model.discardAll();
                session.prepared.clear();
            }
            case 1 -> {
                session.run("reset all", 'I');
                model.resetAll();
            }
            case 2 -> {
                session.run("deallocate all", 'I');
                session.prepared.clear();
            }
            default -> {
                String setting = anySetting();
                session.run("reset " + setting, 'I');
                model.reset(setting);
            }
        }
        askSimply('I');
    }

    private void transaction() throws IOException {
        tally.transactions.increment();
        model.mark();
        session.run(random.nextBoolean() ? "begin" : "start transaction isolation level repeatable read", 'T');
        for (int steps = random.nextInt(6); steps > 0; steps--) {
            switch (random.nextInt(6)) {
                case 0 -> askSimply('T');
                case 1 -> askUnnamed('T');
                case 2 -> askPrepared('T');
                case 3, 4 -> set('T');
                default -> savepoint();
            }
        }
        switch (random.nextInt(4)) {
            case 0 -> {
                session.run("rollback", 'I');
                model.rollBack();
            }
            case 1 -> {
                fail('E');
                WireReply refused = session.ask("select 1");
                session.must(refused.sqlState().equals("25P02") && refused.status == 'E', "25P02", refused);
                WireReply ended = session.ask("commit");
                session.must(ended.tags.equals(List.of("ROLLBACK")) && ended.status == 'I', "ROLLBACK", ended);
                model.rollBack();
            }
            default -> {
                session.run("commit", 'I');
                model.commit();
            }
        }
        askUnnamed('I');
    }

    private void savepoint() throws IOException {
        session.run("savepoint sp", 'T');
        model.mark();
        set('T');
        if (random.nextBoolean()) {
            if (random.nextBoolean()) fail('E');
            session.run("rollback to sp", 'T');
            model.rollBackToSavepoint();
        }
        askSimply('T');
        session.run("release sp", 'T');
        model.release();
    }

    /// An error that carries the session's mark.
    private void fail(char status) throws IOException {
        String mark = session.mark();
        WireReply reply = session.ask("select '" + mark + "'::int");
        session.must(reply.sqlState().equals("22P02") && reply.errors.getFirst().contains(mark) && reply.status == status, "22P02 of " + mark, reply);
    }

    /// A cancel may come too early or too late, as in PostgreSQL; it may only hit the session's own statement.
    private void cancel() throws IOException {
        String mark = session.mark();
        boolean whileIdle = random.nextInt(3) == 0;
        session.step("cancel " + mark + (whileIdle ? " while idle" : ""));
        if (whileIdle) wire.cancel();
        wire.out().query("select '" + mark + "' from pg_sleep(" + (whileIdle ? "0" : "0.3") + ")");
        wire.flush();
        if (!whileIdle) wire.cancel();
        WireReply reply = wire.reply();
        boolean hit = reply.sqlState().equals("57014");
        if (hit) tally.cancelled.increment();
        session.must(reply.status == 'I' && (hit && reply.rows.isEmpty() || reply.rows.equals(List.of(List.of(mark)))), mark + " or 57014", reply);
    }

    private void copy() throws IOException {
        String mark = session.mark();
        int rows = 1 + random.nextInt(300);
        WireReply reply = session.ask("copy (select '" + mark + "' from generate_series(1, " + rows + ")) to stdout");
        session.must(reply.copied.toString().equals((mark + "\n").repeat(rows)) && reply.tags.equals(List.of("COPY " + rows)), rows + " copies of " + mark, reply);
        WireReply waits = session.ask("copy iso.rows from stdin");
        session.must(waits.errors.isEmpty() && waits.tags.isEmpty(), "CopyInResponse", waits);
        for (int i = 0; i < rows; i++) wire.out().copyData(session.token + "\t" + i + "\n");
        boolean fails = random.nextInt(4) == 0;
        if (fails) wire.out().copyFail(mark);
        else wire.out().copyDone();
        wire.flush();
        WireReply ended = wire.reply();
        if (fails) {
            session.must(ended.sqlState().equals("57014") && ended.errors.getFirst().contains(mark), "57014 of " + mark, ended);
        } else {
            session.must(ended.errors.isEmpty() && ended.tags.equals(List.of("COPY " + rows)), "COPY " + rows, ended);
            tally.rowsCommitted.merge(session.token, rows, Integer::sum);
        }
    }

    private void manyRows() throws IOException {
        String mark = session.mark();
        int rows = 1 + random.nextInt(500);
        WireReply reply = session.ask("select '" + mark + "', repeat('" + mark + "', 20) from generate_series(1, " + rows + ")");
        session.must(reply.rows.size() == rows && reply.rows.stream().allMatch(List.of(mark, mark.repeat(20))::equals), rows + " rows of " + mark, reply);
    }

    private void notice() throws IOException {
        String mark = session.mark();
        WireReply reply = session.ask("do $$ begin raise notice '" + mark + "'; end $$");
        session.must(reply.errors.isEmpty() && reply.notices.equals(List.of(mark)), "notice " + mark, reply);
    }
}
