package org.pgkeel.proxy.admin;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.pgkeel.proxy.observe.ConfigEntry;
import org.pgkeel.proxy.observe.DnsHost;
import org.pgkeel.proxy.observe.MemoryEntry;
import org.pgkeel.proxy.observe.ProxySnapshot;

/// SHOW LISTS, CONFIG, VERSION, STATE, MEM and the tables of DNS: PgBouncer's columns.
final class ProxyTables {
    private ProxyTables() {}

    /// A line of a table with two columns.
    private record Count(String name, int value) {}

    private record Setting(String key, String value) {}

    static final ShowTable<?> LISTS = ShowTable.<Count>of("lists", ProxyTables::lists)
            .text("list", Count::name)
            .int4("items", Count::value);

    static final ShowTable<?> CONFIG = ShowTable.<ConfigEntry>of("config", ProxyTables::config)
            .text("key", ConfigEntry::key)
            .text("value", ConfigEntry::value)
            .text("default", ConfigEntry::defaultValue)
            .text("changeable", entry -> yesOrNo(entry.changeable()));

    static final ShowTable<?> VERSION = ShowTable.<String>of("version", sources ->
                    sources.operations().proxy().thenApply(proxy -> List.of(ConsoleVersion.shown(proxy.version()))))
            .text("version", version -> version);

    static final ShowTable<?> STATE = ShowTable.<Setting>of("state", ProxyTables::state)
            .text("key", Setting::key)
            .text("value", Setting::value);

    static final ShowTable<?> MEM = ShowTable.<MemoryEntry>of("mem", sources -> sources.operations().memory())
            .text("name", MemoryEntry::name)
            .int4("size", entry -> asInt(entry.sizeBytes()))
            .int4("used", entry -> asInt(entry.used()))
            .int4("free", entry -> asInt(entry.free()))
            .int4("memtotal", entry -> asInt(entry.totalBytes()));

    static final ShowTable<?> DNS_HOSTS = ShowTable.<DnsHost>of("dns_hosts", sources -> sources.operations().dnsHosts())
            .text("hostname", DnsHost::hostname)
            .int8("ttl", host -> Math.max(host.ttl().toSeconds(), 0))
            .text("addrs", host -> String.join(",", host.addresses()));

    /// The serial numbers of DNS zones are not watched, so there are none.
    static final ShowTable<?> DNS_ZONES = ShowTable.<String>of("dns_zones", _ -> CompletableFuture.completedFuture(List.of()))
            .text("zonename", zone -> zone)
            .int8("serial", _ -> 0)
            .int4("count", _ -> 0);

    private static CompletionStage<List<Count>> lists(ShowSources sources) {
        return sources.operations().proxy().thenCombine(sources.operations().dnsHosts(), (proxy, hosts) -> List.of(
                new Count("databases", proxy.databases()),
                new Count("users", proxy.users()),
                new Count("peers", 0),
                new Count("pools", proxy.pools()),
                new Count("peer_pools", 0),
                new Count("free_clients", 0),
                new Count("used_clients", proxy.clients()),
                new Count("login_clients", proxy.clientsLogin()),
                new Count("free_servers", 0),
                new Count("used_servers", proxy.servers()),
                new Count("dns_names", hosts.size()),
                new Count("dns_zones", 0),
                new Count("dns_queries", 0),
                new Count("dns_pending", 0)));
    }

    /// PgKeel's keys, then those of PgBouncer that monitoring reads, under PgBouncer's names.
    private static CompletionStage<List<ConfigEntry>> config(ShowSources sources) {
        return sources.operations().config().thenCombine(sources.operations().proxy(), (entries, proxy) -> {
            var all = new ArrayList<>(entries);
            all.add(new ConfigEntry("max_client_conn", Integer.toString(proxy.clientsMax()), "", false));
            all.add(new ConfigEntry("max_user_connections", "0", "0", false));
            return all;
        });
    }

    private static CompletionStage<List<Setting>> state(ShowSources sources) {
        return sources.operations().proxy().thenApply(proxy -> List.of(
                new Setting("active", yesOrNo(proxy.state() == ProxySnapshot.State.ACTIVE)),
                new Setting("paused", yesOrNo(proxy.state() == ProxySnapshot.State.PAUSED)),
                new Setting("suspended", "no")));
    }

    private static String yesOrNo(boolean yes) {
        return yes ? "yes" : "no";
    }

    /// PgBouncer's column is an int4, and a client may read it as one.
    private static int asInt(long value) {
        return Math.clamp(value, Integer.MIN_VALUE, Integer.MAX_VALUE);
    }
}
