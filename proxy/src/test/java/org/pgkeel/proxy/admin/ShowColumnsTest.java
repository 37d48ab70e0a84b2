package org.pgkeel.proxy.admin;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.Collectors;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// The columns as monitoring of PgBouncer 1.25 knows them, with their types: s text, i int4, q int8, n numeric.
class ShowColumnsTest {
    private static final String SOCKET = "type:s user:s database:s replication:s state:s addr:s port:i local_addr:s local_port:i "
            + "connect_time:s request_time:s wait:i wait_us:i close_needed:i ptr:s link:s remote_pid:i tls:s application_name:s "
            + "prepared_statements:i id:i";

    @ParameterizedTest
    @CsvSource({
        "pools, database:s user:s cl_active:i cl_waiting:i cl_active_cancel_req:i cl_waiting_cancel_req:i sv_active:i sv_active_cancel:i "
            + "sv_being_canceled:i sv_idle:i sv_used:i sv_tested:i sv_login:i maxwait:i maxwait_us:i pool_mode:s load_balance_hosts:s node:s",
        "databases, name:s host:s port:i database:s force_user:s pool_size:i min_pool_size:i reserve_pool_size:i server_lifetime:i "
            + "pool_mode:s load_balance_hosts:s max_connections:i current_connections:i max_client_connections:i "
            + "current_client_connections:i paused:i disabled:i",
        "users, name:s pool_size:s reserve_pool_size:s pool_mode:s max_user_connections:i current_connections:i "
            + "max_user_client_connections:i current_client_connections:i",
        "stats, database:s total_server_assignment_count:n total_xact_count:n total_query_count:n total_received:n total_sent:n "
            + "total_xact_time:n total_query_time:n total_wait_time:n total_client_parse_count:n total_server_parse_count:n "
            + "total_bind_count:n avg_server_assignment_count:n avg_xact_count:n avg_query_count:n avg_recv:n avg_sent:n "
            + "avg_xact_time:n avg_query_time:n avg_wait_time:n avg_client_parse_count:n avg_server_parse_count:n avg_bind_count:n",
        "stats_totals, database:s server_assignment_count:n xact_count:n query_count:n bytes_received:n bytes_sent:n xact_time:n "
            + "query_time:n wait_time:n client_parse_count:n server_parse_count:n bind_count:n",
        "stats_averages, database:s server_assignment_count:n xact_count:n query_count:n bytes_received:n bytes_sent:n xact_time:n "
            + "query_time:n wait_time:n client_parse_count:n server_parse_count:n bind_count:n",
        "totals, name:s value:n",
        "lists, list:s items:i",
        "config, key:s value:s default:s changeable:s",
        "version, version:s",
        "state, key:s value:s",
        "mem, name:s size:i used:i free:i memtotal:i",
        "dns_hosts, hostname:s ttl:q addrs:s",
        "dns_zones, zonename:s serial:q count:i",
        "peers, peer_id:i host:s port:i pool_size:i",
        "peer_pools, peer_id:i cl_active_cancel_req:i cl_waiting_cancel_req:i sv_active_cancel:i sv_login:i",
        "pins, database:s user:s reason:s pinned:q",
        "outcomes, cluster:s outcome:s reason:s transactions:q",
        "cluster, cluster:s name:s address:s role:s state:s patroni:s timeline:q lag_bytes:q lag_ms:q fresh_as_of_ms:q endpoints:s tags:s reign:q doubt:s "
            + "alarms:s flags:s scheduled_switchover:s",
        "hold, cluster:s database:s state:s reason:s since_ms:q waiting:i waiting_bytes:q held:q drained:q refused:q gone:q longest_wait_ms:q "
            + "max_wait_ms:q max_clients:i max_bytes:q drain_concurrency:i",
        "coalesce, table:s rows_copied:q rows_shared:q rows_alone:q avg_rows:q ways:s batches:q batch_rows:q batch_bytes:q avg_batch_rows:q rows_waiting:q bytes_buffered:q "
            + "batches_under_way:q wait_time:q flush_time:q avg_wait_time:q avg_flush_time:q failures:s rows_spilled:q bytes_spilled:q rows_on_disk:q bytes_on_disk:q spill_failures:s dedup:s rows_duplicate:q rows_of_one_partition:q rows_held_back:q",
        "coalesce candidates, database:s user:s table:s verdict:s rows_per_second:s coalesced_per_second:s unfit_per_second:s why:s",
        "routes, position:i name:s conditions:s destination:s hits:q",
    })
    void columns_are_in_the_order_and_of_the_types_that_dashboards_expect(String word, String columns) {
        assertThat(columns(word)).isEqualTo(columns);
    }

    @ParameterizedTest
    @CsvSource({"clients", "servers"})
    void clients_and_servers_have_the_columns_of_sockets(String word) {
        assertThat(columns(word)).isEqualTo(SOCKET);
    }

    @ParameterizedTest
    @CsvSource({"sockets", "active_sockets"})
    void sockets_have_positions_of_buffers_as_well(String word) {
        assertThat(columns(word)).isEqualTo(SOCKET
                + " recv_pos:i pkt_pos:i pkt_remain:i send_pos:i send_remain:i pkt_avail:i send_avail:i");
    }

    private static String columns(String word) {
        return ShowTables.find(word).orElseThrow().shape().columns().stream()
                .map(column -> column.name() + ":" + switch (column.type()) {
                    case TEXT -> "s";
                    case INT4 -> "i";
                    case INT8 -> "q";
                    case NUMERIC -> "n";
                })
                .collect(Collectors.joining(" "));
    }
}
