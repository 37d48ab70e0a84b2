package org.pgkeel.proxy.isolation;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// One session of one client: sends, compares what comes back with what must come back, and remembers its last steps for the report of
/// a mix-up. Threading: confined to its client.
final class Session {
    private static final int STEPS_REMEMBERED = 40;
    final String token;
    final String user;
    final WireClient wire;
    final SessionModel model;
    /// Variants of [Identity#preparedText] by statement name, however prepared.
    final Map<String, Integer> prepared = new HashMap<>();
    private final Tally tally;
    private final Deque<String> steps = new ArrayDeque<>();
    private int number;

    Session(String token, String user, WireClient wire, SessionModel model, Tally tally) {
        this.token = token;
        this.user = user;
        this.wire = wire;
        this.model = model;
        this.tally = tally;
        tally.sessions.increment();
    }

    /// A value that no other request in the run carries.
    String mark() {
        return token + "#" + ++number;
    }

    void step(String what) {
        if (steps.size() == STEPS_REMEMBERED) steps.removeFirst();
        steps.addLast(what);
    }

    WireReply ask(String sql) throws IOException {
        step(sql);
        return wire.ask(sql);
    }

    /// A statement without rows that must succeed.
    void run(String sql, char status) throws IOException {
        WireReply reply = ask(sql);
        must(reply.errors.isEmpty() && reply.rows.isEmpty() && reply.status == status && reply.notifications.isEmpty(), "success and status " + status, reply);
    }

    /// The identity must be this session's, and so must what ParameterStatus told of it.
    void checkIdentity(WireReply reply, List<String> before, char status) {
        List<String> expected = new ArrayList<>(before);
        expected.addAll(Identity.expected(model, user));
        must(reply.errors.isEmpty() && reply.notifications.isEmpty() && reply.rows.equals(List.of(expected)) && reply.status == status, expected + " and status " + status, reply);
        for (String setting : Identity.REPORTED) {
            must(model.get(setting).equals(wire.parameters.get(setting)), "ParameterStatus " + setting + " " + model.get(setting), wire.parameters);
        }
    }

    void must(boolean holds, String expected, Object got) {
        tally.checked.increment();
        if (!holds) throw new Mixup("session " + token + " of " + user + " expected " + expected + "\nbut got " + got + "\nafter\n  " + String.join("\n  ", steps));
    }

    List<String> steps() {
        return List.copyOf(steps);
    }
}
