package org.pgkeel.proxy.cluster;

import java.time.Duration;
import java.util.concurrent.CompletionStage;
import org.pgkeel.failover.probe.NodeReply;
import org.pgkeel.failover.topology.NodeAddress;
import org.pgkeel.proxy.config.ClusterConfig;

/// What the monitor's login finds at one server, by the very connection and question by which a cluster is watched. Threading: any.
public final class MonitorLogin {
    private static final String IS_MONITOR = "select pg_catalog.pg_has_role('pg_monitor', 'usage')";

    private MonitorLogin() {}

    /// @param isMonitor whether the role may see what `pg_monitor` may
    public record Found(NodeReply reply, boolean isMonitor) {}

    /// Never fails: who does not answer is [NodeReply.Silent].
    /// @param config   of a cluster with `monitor`
    /// @param patience of the connect and of each question
    public static CompletionStage<Found> ask(ClusterConfig config, Rooms rooms, NodeAddress node, Duration patience) {
        var connection = new SideConnection(rooms.loop(), rooms.connector(), node, () -> Members.target(config, rooms, node, patience), patience, _ -> { });
        return new SqlProbe(connection, SqlProbe.Answered.NOBODY, () -> { }).ask()
                .thenCompose(reply -> connection.query(IS_MONITOR).handle((rows, failure) -> new Found(reply,
                        failure == null && rows.size() == 1 && rows.getFirst().getFirst().equals("t"))))
                .whenComplete((_, _) -> rooms.loop().execute(connection::end));
    }
}
