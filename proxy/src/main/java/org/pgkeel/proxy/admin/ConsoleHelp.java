package org.pgkeel.proxy.admin;

import org.pgkeel.protocol.backend.NoticeResponse;
import org.pgkeel.protocol.backend.Severity;
import org.pgkeel.protocol.sqlstate.SqlState;

/// The answer to SHOW HELP: a notice, as PgBouncer's.
final class ConsoleHelp {
    private static final String COMMANDS = """

            \tSHOW HELP|CONFIG|DATABASES|POOLS|CLIENTS|SERVERS|USERS|VERSION
            \tSHOW CLUSTER|HOLD|COALESCE|PINS|OUTCOMES|ROUTES
            \tSHOW COALESCE CANDIDATES
            \tSHOW PEERS|PEER_POOLS
            \tSHOW SOCKETS|ACTIVE_SOCKETS|LISTS|MEM|STATE
            \tSHOW DNS_HOSTS|DNS_ZONES
            \tSHOW STATS|STATS_TOTALS|STATS_AVERAGES|TOTALS
            \tRELOAD
            \tPAUSE [<db>]
            \tRESUME [<db>]
            \tDISABLE <db>
            \tENABLE <db>
            \tRECONNECT [<db>]
            \tKILL [<db>]
            \tKILL_CLIENT <client_id>
            \tFOLLOW <cluster> <node>
            \tSHUTDOWN
            \tSHUTDOWN WAIT_FOR_SERVERS|WAIT_FOR_CLIENTS
            \tWAIT_CLOSE [<db>]""";

    private ConsoleHelp() {}

    static NoticeResponse notice() {
        return NoticeResponse.of(Severity.NOTICE, SqlState.SUCCESSFUL_COMPLETION, "Console usage").withDetail(COMMANDS);
    }
}
