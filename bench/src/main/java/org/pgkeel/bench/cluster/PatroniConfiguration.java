package org.pgkeel.bench.cluster;

import java.net.InetSocketAddress;
import java.nio.file.Path;

/// A node's `patroni.yml`, and the script that makes the roles and the database when the cluster is born.
///
/// @param host   the node's own address
/// @param folder the node's own folder
/// @param bin    PostgreSQL's programs
record PatroniConfiguration(String node, String host, NodePorts ports, Path folder, Path bin, ClusterOptions options, String dcsSection) {
    static final String SCOPE = "chaos";

    /// Memory and timing are fit for three servers on one small machine. Patroni 4 allows no smaller ttl (20), loop_wait (1)
    /// and retry_timeout (3). Dynamic shared memory is in files of the data folder: those of the POSIX kind outlive a kill -9.
    String yaml() {
        boolean synchronous = options.replication() == ClusterOptions.Replication.SYNCHRONOUS;
        return """
                scope: %1$s
                namespace: /service/
                name: %2$s
                %3$s
                restapi:
                  listen: %4$s:%5$d
                  connect_address: %4$s:%6$d
                bootstrap:
                  dcs:
                    ttl: 20
                    loop_wait: 1
                    retry_timeout: 3
                    maximum_lag_on_failover: 1048576
                    primary_start_timeout: 0
                    primary_stop_timeout: 0
                    synchronous_mode: %7$s
                    synchronous_mode_strict: %7$s
                    synchronous_node_count: 1
                    postgresql:
                      use_pg_rewind: true
                      use_slots: true
                      remove_data_directory_on_rewind_failure: true
                      remove_data_directory_on_diverged_timelines: true
                      parameters:
                        wal_level: replica
                        hot_standby: "on"
                        wal_keep_size: 128MB
                        max_wal_senders: 10
                        max_replication_slots: 10
                        max_connections: 200
                        wal_log_hints: "on"
                        password_encryption: scram-sha-256
                  initdb:
                  - encoding: UTF8
                  - locale: C.UTF-8
                  - data-checksums
                  - auth-local: trust
                  - auth-host: scram-sha-256
                  post_bootstrap: %8$s/post_bootstrap
                postgresql:
                  listen: %4$s:%9$d
                  connect_address: %4$s:%10$d
                  use_unix_socket: true
                  use_unix_socket_repl: true
                  data_dir: %8$s/data
                  bin_dir: %11$s
                  pgpass: %8$s/pgpass
                  create_replica_methods: [basebackup]
                  basebackup: [{checkpoint: fast}]
                  authentication:
                    superuser:   {username: %12$s, password: %13$s}
                    replication: {username: %14$s, password: %15$s}
                    rewind:      {username: %16$s, password: %17$s}
                  parameters:
                    unix_socket_directories: %8$s
                    shared_buffers: 64MB
                    dynamic_shared_memory_type: mmap
                    max_wal_size: 512MB
                    min_wal_size: 80MB
                    synchronous_commit: "on"
                    logging_collector: "off"
                    log_min_messages: warning
                    log_line_prefix: "%%m [%%p] "
                  pg_hba:
                  - local all         all                    trust
                  - local replication all                    trust
                  - host  replication all       127.0.0.0/8  scram-sha-256
                  - host  all         all       127.0.0.0/8  scram-sha-256
                """.formatted(SCOPE, node, dcsSection, host, ports.rest(), ports.restLink(), synchronous, folder, ports.sql(), ports.sqlLink(), bin,
                PatroniCluster.SUPERUSER.user(), PatroniCluster.SUPERUSER.password(), PatroniCluster.REPLICATION.user(), PatroniCluster.REPLICATION.password(),
                PatroniCluster.REWIND.user(), PatroniCluster.REWIND.password());
    }

    /// Patroni calls it with a connection string of the new primary.
    String postBootstrap() {
        return """
                #!/bin/sh
                exec %s/psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --dbname="$1" \\
                  --command="create role %s login password '%s'" \\
                  --command="create database %s owner %s" \\
                  --command="create role %s login password '%s' in role pg_monitor"
                """.formatted(bin, PatroniCluster.APPLICATION.user(), PatroniCluster.APPLICATION.password(), PatroniCluster.APPLICATION.database(),
                PatroniCluster.APPLICATION.user(), PatroniCluster.MONITOR.user(), PatroniCluster.MONITOR.password());
    }

    InetSocketAddress at(int port) {
        return new InetSocketAddress(host, port);
    }
}
