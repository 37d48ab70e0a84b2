package org.pgkeel.proxy.cluster;

import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.pgkeel.failover.probe.NodeReply;
import org.pgkeel.failover.topology.NodeAddress;

/// Asks over the connections by which the cluster is watched. Threading: any.
record MonitorAsker(Supplier<Cluster> cluster) implements SqlAsker {
    @Override
    public CompletionStage<List<List<String>>> ask(NodeAddress node, String sql) {
        return cluster.get().ask(node, sql).exceptionallyCompose(failure -> java.util.concurrent.CompletableFuture.failedFuture(refusal(failure)));
    }

    /// A server that lets nobody in, or nobody who listens. A connection that was lost, or a host that cannot be reached, is none:
    /// others may write there. The operating system's word for it is all there is to tell them apart; missing it makes an outcome unknown, not wrong.
    static Throwable refusal(Throwable failure) {
        Throwable cause = failure instanceof CompletionException wrapped && wrapped.getCause() != null ? wrapped.getCause() : failure;
        if (!(cause instanceof SideFailure side)) return cause;
        boolean nobodyListens = side.kind() == NodeReply.Kind.LOST && String.valueOf(side.getMessage()).contains("Connection refused");
        boolean nobodyLetIn = side.kind() == NodeReply.Kind.REFUSED && side.sqlState().equals("57P03");
        return nobodyListens || nobodyLetIn ? new Refused(side.getMessage()) : side;
    }
}
