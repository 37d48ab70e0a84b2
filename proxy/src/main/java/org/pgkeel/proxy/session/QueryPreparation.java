package org.pgkeel.proxy.session;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import org.pgkeel.protocol.wire.FrontendType;
import org.pgkeel.proxy.prepare.SharedStatement;
import org.pgkeel.proxy.relay.Aside;
import org.pgkeel.proxy.relay.BackendConnection;
import org.pgkeel.proxy.relay.ErrorBody;

/// Sees to it, by messages of the proxy's own ahead of a Query, that the backend has the prepared statements that the Query
/// names, and has not those that it makes.
///
/// Threading: confined to the session's event loop.
final class QueryPreparation {
    private QueryPreparation() {}

    /// Has the backend know a statement before a Query that uses it.
    static void prepare(BackendConnection leased, SharedStatement statement) {
        if (leased.statements().has(statement) || isImpossible(leased)) return;
        if (statement.kind() == SharedStatement.Kind.SQL_PREPARE) {
            leased.aside(SqlStatementNames.command(statement), new Preparing(leased, statement));
        } else {
            ByteBuf batch = leased.channel().alloc().buffer(statement.body().length + 64);
            batch.writeByte(FrontendType.PARSE).writeInt(statement.name().length + statement.body().length + 5)
                    .writeBytes(statement.name()).writeByte(0).writeBytes(statement.body());
            batch.writeByte(FrontendType.SYNC).writeInt(4);
            leased.asideBatch(batch, new Preparing(leased, statement));
            batch.release();
        }
        SharedStatement evicted = leased.statements().add(statement, leased.exchange().openBatch());
        if (evicted != null) deallocate(leased, evicted);
    }

    /// A Query is about to make this statement: it must not be there before.
    static void forget(BackendConnection leased, SharedStatement statement) {
        if (!leased.statements().has(statement) || isImpossible(leased)) return;
        leased.statements().remove(statement);
        deallocate(leased, statement);
    }

    private static boolean isImpossible(BackendConnection leased) {
        return leased.exchange().batchOpen() || leased.exchange().status() == 'E';
    }

    private static void deallocate(BackendConnection leased, SharedStatement statement) {
        leased.aside("DEALLOCATE " + new String(statement.name(), StandardCharsets.US_ASCII), new Aside() {
            @Override
            public void error(byte[] errorBody) {
                // In a transaction that failed meanwhile it stays; else it was not there.
                if (ErrorBody.hasSqlState(errorBody, "25P02")) leased.statements().keep(statement);
            }

            @Override
            public void done(byte status) {}
        });
    }

    private record Preparing(BackendConnection backend, SharedStatement statement) implements Aside {
        @Override
        public void error(byte[] errorBody) {
            backend.statements().remove(statement);
        }

        @Override
        public void done(byte status) {
            backend.statements().confirm(statement);
        }
    }
}
