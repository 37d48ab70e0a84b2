package org.pgkeel.proxy.postgres;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// What a PostgreSQL of a test's own shall be like.
///
/// @param parameters PostgreSQL settings, on top of the fixture's own (`max_connections` 200, `wal_level` logical, `fsync` off, ...)
/// @param hbaFirst   lines of `pg_hba.conf` that go before the fixture's own
public record FixtureOptions(Map<String, String> parameters, List<String> hbaFirst) {
    public static final FixtureOptions DEFAULT = new FixtureOptions(Map.of(), List.of());

    /// `certuser` by certificate over TLS only, `md5user` by its md5 secret, replication and everybody else by SCRAM.
    private static final List<String> HBA = List.of(
            "local all all trust", "local replication all trust",
            "hostssl all certuser all cert", "host all certuser all reject",
            "host all md5user all md5",
            "host replication all all scram-sha-256", "host all all all scram-sha-256");

    /// The last one wins; PostgreSQL's defaults hold for the rest.
    private static final Map<String, String> PARAMETERS = Map.ofEntries(
            Map.entry("max_connections", "200"), Map.entry("shared_buffers", "64MB"),
            Map.entry("wal_level", "logical"), Map.entry("max_wal_senders", "10"), Map.entry("max_replication_slots", "10"),
            Map.entry("fsync", "off"), Map.entry("synchronous_commit", "off"), Map.entry("full_page_writes", "off"),
            Map.entry("password_encryption", "scram-sha-256"), Map.entry("max_prepared_transactions", "20"),
            Map.entry("ssl", "on"), Map.entry("ssl_cert_file", "server.crt"), Map.entry("ssl_key_file", "server.key"), Map.entry("ssl_ca_file", "ca.crt"));

    public FixtureOptions with(String parameter, String value) {
        var more = new LinkedHashMap<>(parameters);
        more.put(parameter, value);
        return new FixtureOptions(more, hbaFirst);
    }

    public FixtureOptions withHba(String... lines) {
        return new FixtureOptions(parameters, List.of(lines));
    }

    Map<String, String> allParameters() {
        var all = new LinkedHashMap<>(PARAMETERS);
        all.putAll(parameters);
        return all;
    }

    List<String> allHba() {
        return java.util.stream.Stream.concat(hbaFirst.stream(), HBA.stream()).toList();
    }
}
