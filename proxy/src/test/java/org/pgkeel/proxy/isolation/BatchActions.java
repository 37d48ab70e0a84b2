package org.pgkeel.proxy.isolation;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/// Several statements in one go: pipelines of many Syncs, several statements before one Sync, several in one Query. What stands before
/// one Sync or in one Query is one transaction, so that its error undoes the settings before it. Threading: confined to its client.
final class BatchActions {
    private final Session session;
    private final WireClient wire;
    private final SessionModel model;
    private final Random random;

    BatchActions(Session session, Random random) {
        this.session = session;
        this.wire = session.wire;
        this.model = session.model;
        this.random = random;
    }

    void any() throws IOException {
        switch (random.nextInt(4)) {
            case 0, 1 -> pipeline();
            case 2 -> settingsInOneQuery();
            default -> settingsBeforeOneSync();
        }
    }

    private void pipeline() throws IOException {
        for (String mark : send(2 + random.nextInt(10))) {
            WireReply reply = wire.reply();
            if (mark.startsWith("!")) session.must(reply.sqlState().equals("22P02") && reply.errors.getFirst().contains(mark) && reply.rows.isEmpty(), "22P02 of " + mark, reply);
            else session.checkIdentity(reply, List.of(mark), 'I');
        }
    }

    /// @return the marks of its units; those that must fail begin with `!`
    List<String> send(int units) throws IOException {
        List<String> marks = new ArrayList<>();
        for (int i = 0; i < units; i++) {
            boolean fails = random.nextInt(5) == 0;
            String mark = (fails ? "!" : "") + session.mark();
            marks.add(mark);
            if (fails) wire.out().parse("", "select $1::int").bind("", "", List.of(mark)).execute("", 0).parse("", "select 'skipped'").sync();
            else wire.out().parse("", "select $1::text, " + Identity.COLUMNS).bind("", "", List.of(mark)).execute("", 0).sync();
        }
        session.step("pipeline " + marks);
        wire.flush();
        return marks;
    }

    private void settingsInOneQuery() throws IOException {
        String zone = Identity.any("TimeZone", random);
        String style = Identity.any("DateStyle", random);
        String mark = session.mark();
        String sets = "set TimeZone = '" + zone + "'; select set_config('DateStyle', '" + style + "', false)";
        switch (random.nextInt(3)) {
            case 0 -> {
                WireReply reply = session.ask(sets + "; select '" + mark + "'");
                session.must(reply.errors.isEmpty() && reply.rows.equals(List.of(List.of(style), List.of(mark))), mark, reply);
                take(zone, style);
            }
            case 1 -> {
                WireReply reply = session.ask(sets + "; select '" + mark + "'::int");
                session.must(reply.sqlState().equals("22P02") && reply.errors.getFirst().contains(mark) && reply.status == 'I', "22P02 of " + mark, reply);
            }
            default -> {
                boolean kept = random.nextBoolean();
                WireReply reply = session.ask("begin; " + sets + "; " + (kept ? "commit" : "rollback"));
                session.must(reply.errors.isEmpty() && reply.status == 'I', "success", reply);
                if (kept) take(zone, style);
            }
        }
        identity();
    }

    private void settingsBeforeOneSync() throws IOException {
        String zone = Identity.any("TimeZone", random);
        String style = Identity.any("DateStyle", random);
        boolean fails = random.nextBoolean();
        String mark = session.mark();
        session.step("before one Sync: TimeZone " + zone + ", DateStyle " + style + (fails ? ", and an error " : " ") + mark);
        wire.out().parse("", "set TimeZone = '" + zone + "'").bind("", "", List.of()).execute("", 0);
        wire.out().parse("", "select set_config($1, $2, false)").bind("", "", List.of("DateStyle", style)).execute("", 0);
        wire.out().parse("", fails ? "select $1::int" : "select $1::text").bind("", "", List.of(mark)).execute("", 0).sync();
        wire.flush();
        WireReply reply = wire.reply();
        if (fails) {
            session.must(reply.sqlState().equals("22P02") && reply.errors.getFirst().contains(mark) && reply.status == 'I', "22P02 of " + mark, reply);
        } else {
            session.must(reply.errors.isEmpty() && reply.rows.equals(List.of(List.of(style), List.of(mark))), mark, reply);
            take(zone, style);
        }
        identity();
    }

    private void take(String zone, String style) {
        model.set("TimeZone", zone);
        model.set("DateStyle", style);
    }

    private void identity() throws IOException {
        String mark = session.mark();
        session.checkIdentity(session.ask("select '" + mark + "', " + Identity.COLUMNS), List.of(mark), 'I');
    }
}
