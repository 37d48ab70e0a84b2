package org.pgkeel.proxy.cluster;

import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import org.pgkeel.failover.outcome.CommitOutcome;
import org.pgkeel.failover.outcome.InFlight;
import org.pgkeel.failover.outcome.Origin;
import org.pgkeel.failover.outcome.TransactionMark;

/// Who finds out what became of transactions whose server was lost, as those know it who had them.
public interface Outcomes {
    /// @param aliveNanos when its server lived for sure: before the question for its mark, which was answered, and not when its connection was found ended
    /// @param on         where the result is completed
    /// @return never fails
    CompletionStage<CommitOutcome> resolve(Cluster cluster, InFlight lost, long aliveNanos, Executor on);

    /// A client was told that its transaction is committed. Called on its event loop, for every transaction: cheap.
    /// @param loop of the session: its number
    /// @param client one object per session
    void acknowledged(Cluster cluster, int loop, TransactionMark mark, Origin origin, Client client, long nowNanos);

    /// Who was told.
    /// @param address of the client's socket
    record Client(String user, String database, String address) {}
}
