package org.pgkeel.proxy.isolation;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;

/// What the settings of one session must be by PostgreSQL's rules of SET, SET LOCAL, ROLLBACK and ROLLBACK TO.
/// <https://www.postgresql.org/docs/current/sql-set.html>
/// Threading: confined to its client.
final class SessionModel {
    /// The role and the token of the session are settings like any other.
    static final String ROLE = "role";

    private record Values(Map<String, String> session, Map<String, String> effective) {
        Values copy() {
            return new Values(new HashMap<>(session), new HashMap<>(effective));
        }
    }

    private final Map<String, String> atStart;
    private Values now;
    /// The oldest is the state before BEGIN, the others that of savepoints.
    private final Deque<Values> before = new ArrayDeque<>();

    SessionModel(Map<String, String> atStart) {
        this.atStart = Map.copyOf(atStart);
        now = new Values(new HashMap<>(atStart), new HashMap<>(atStart));
    }

    String get(String setting) {
        return now.effective.getOrDefault(setting, "");
    }

    void set(String setting, String value) {
        now.session.put(setting, value);
        now.effective.put(setting, value);
    }

    void setLocal(String setting, String value) {
        now.effective.put(setting, value);
    }

    void reset(String setting) {
        set(setting, atStart.getOrDefault(setting, ""));
    }

    /// RESET ALL leaves the role alone.
    void resetAll() {
        String role = get(ROLE);
        discardAll();
        set(ROLE, role);
    }

    void discardAll() {
        now = new Values(new HashMap<>(atStart), new HashMap<>(atStart));
    }

    /// BEGIN or SAVEPOINT.
    void mark() {
        before.push(now.copy());
    }

    void rollBackToSavepoint() {
        now = before.getFirst().copy();
    }

    void release() {
        before.pop();
    }

    void commit() {
        before.clear();
        now.effective.clear();
        now.effective.putAll(now.session);
    }

    void rollBack() {
        now = before.getLast();
        before.clear();
    }
}
