package org.pgkeel.bench.scenario;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.pgkeel.bench.cluster.PgKeelProcess;
import org.pgkeel.bench.cluster.PostgresServer;
import org.pgkeel.bench.cluster.ProxyProgram;
import org.pgkeel.bench.cluster.Rig;
import org.pgkeel.bench.cluster.Standby;

/// The PgKeels of `compare --watched`: what failover and read/write splitting cost while nothing happens. All in front of the same primary; those that
/// watch the cluster know its standby too.
final class Watched {
    /// Knows one server, and does not watch it.
    static final String PLAIN = "pgkeel";
    /// Topology and hold; outcomes are not followed.
    static final String WATCHED = "watched";
    /// As [#WATCHED], and reads go to the standby by rule.
    static final String ROUTED = "routed";
    /// As [#WATCHED], and outcomes are followed.
    static final String PIPELINED = "pipelined";

    static final List<String> WORKLOADS = List.of("simple-16", "extended-16", "prepared-16", "tpcb-16");

    private Watched() {}

    static List<ProxyProgram> programs(Rig rig, Path launcher) throws IOException {
        Standby standby = rig.add(Standby.start(rig.work(), rig.postgres()));
        String watched = watched(rig.postgres().port(), standby.port());
        return List.of(rig.pgKeel(PLAIN, launcher, ""),
                rig.pgKeel(WATCHED, launcher, watched + outcome("off")),
                rig.pgKeel(ROUTED, launcher, watched + outcome("off") + PgKeelProcess.READS_ON_REPLICAS),
                rig.pgKeel(PIPELINED, launcher, watched + outcome("pipelined")));
    }

    static String outcome(String mode) {
        return "clusters.main.outcome = " + mode + "\n";
    }

    static String watched(int primaryPort, int standbyPort) {
        return """
                clusters.main { nodes = ["127.0.0.1:%d", "127.0.0.1:%d"], monitor { user = %s, password = "%s" } }
                """.formatted(primaryPort, standbyPort, PostgresServer.SUPERUSER, PostgresServer.PASSWORD);
    }
}
