package org.pgkeel.proxy.session;

import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Set;
import org.pgkeel.protocol.wire.FrontendType;
import org.pgkeel.proxy.prepare.RowShape;
import org.pgkeel.proxy.prepare.SharedStatement;
import org.pgkeel.proxy.relay.BackendConnection;

/// Whether the rows of a client's prepared statements still look as the client was told: PostgreSQL would say so when it uses a statement that it had
/// prepared before the tables changed, but a backend that prepares it only now knows nothing of that. So it is asked.
///
/// Threading: confined to the session's event loop.
final class RowShapes {
    private Set<SharedStatement> outdated = Set.of();
    private boolean asked;

    /// The catalogue changed since the client prepared the statement and was told what its rows look like, and this backend would prepare it anew.
    /// @param generation how often the catalogue has changed
    static boolean mustAsk(BackendConnection leased, SharedStatement statement, int generation) {
        return statement.generation() != generation && statement.rowShape() != RowShape.UNKNOWN
                && statement.kind() == SharedStatement.Kind.PARSE && !leased.statements().has(statement);
    }

    /// It returns rows, and the catalogue changed since the client was told what they look like.
    static boolean mayDiffer(SharedStatement statement, int generation) {
        return statement.generation() != generation && statement.rowShape() != RowShape.UNKNOWN && statement.rowShape() != RowShape.NO_ROWS;
    }

    /// Has the backend describe a statement that is prepared there.
    void ask(BackendConnection leased, SharedStatement statement) {
        byte[] name = statement.name();
        leased.exchange().expectOwnShape(statement);
        leased.outgoing().room(name.length + 12).writeByte(FrontendType.DESCRIBE).writeInt(name.length + 6).writeByte('S').writeBytes(name).writeByte(0)
                .writeByte(FrontendType.FLUSH).writeInt(4);
        leased.exchange().messageSent();
        leased.exchange().flushSent();
        asked = true;
    }

    /// From the question to its answer: nothing that the client sends goes to the backend meanwhile.
    boolean isAsked() {
        return asked;
    }

    /// @param shape [RowShape#UNKNOWN] if an error came instead
    void answered(SharedStatement statement, long shape) {
        asked = false;
        if (shape == RowShape.UNKNOWN || shape == statement.rowShape()) return;
        if (outdated.isEmpty()) outdated = Collections.newSetFromMap(new IdentityHashMap<>());
        outdated.add(statement);
    }

    /// The statement's rows look different since the client was told about them.
    boolean isOutdated(SharedStatement statement) {
        return outdated.contains(statement);
    }

    /// The client has no prepared statements any more.
    void forget() {
        outdated = Set.of();
    }

    /// The backend is lost, and the answer with it.
    void lost() {
        asked = false;
    }
}
