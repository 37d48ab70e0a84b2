package org.pgkeel.bench.cluster;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/// A superuser's session with a node, kept from one question to the next: a login costs the cores, on which clients are measured, more than a hundred statements of theirs.
///
/// Threading: shared. While a question hangs, the next one has a session of its own.
final class KeptSession implements AutoCloseable {
    /// What is asked.
    interface Question<T> {
        T ask(Connection session) throws SQLException;
    }

    private final PatroniNode node;
    private final AtomicReference<@Nullable Connection> kept = new AtomicReference<>();

    KeptSession(PatroniNode node) {
        this.node = node;
    }

    /// Asks over the session that is there, and over a new one if there is none, or it does not answer any more: its server may have been started anew.
    ///
    /// @throws SQLException if the node does not answer a new one either
    <T> T ask(Question<T> question) throws SQLException {
        Connection session = kept.getAndSet(null);
        if (session == null) return ask(node.connectDirectly(PatroniCluster.SUPERUSER), question);
        try {
            return ask(session, question);
        } catch (SQLException gone) {
            return ask(node.connectDirectly(PatroniCluster.SUPERUSER), question);
        }
    }

    private <T> T ask(Connection session, Question<T> question) throws SQLException {
        boolean keeps = false;
        try {
            T answer = question.ask(session);
            keeps = kept.compareAndSet(null, session);
            return answer;
        } finally {
            if (!keeps) session.close();
        }
    }

    @Override
    public void close() throws SQLException {
        Connection session = kept.getAndSet(null);
        if (session != null) session.close();
    }
}
