package org.pgkeel.proxy.admin;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// All SHOW commands that answer with rows, by their word.
final class ShowTables {
    private static final Map<String, ShowTable<?>> BY_WORD = byWord(List.of(
            ConnectionTables.CLIENTS, ProxyTables.CONFIG, PoolTables.DATABASES, ProxyTables.LISTS, PoolTables.PEERS,
            PoolTables.PEER_POOLS, PoolTables.POOLS, ConnectionTables.SERVERS, ConnectionTables.SOCKETS,
            ConnectionTables.ACTIVE_SOCKETS, StatsTables.STATS, StatsTables.STATS_TOTALS, StatsTables.STATS_AVERAGES,
            PoolTables.USERS, ProxyTables.VERSION, StatsTables.TOTALS, ProxyTables.MEM, ProxyTables.DNS_HOSTS,
            ProxyTables.DNS_ZONES, ProxyTables.STATE, PoolTables.PINS, OutcomeTables.OUTCOMES, RouteTables.ROUTES, ClusterTables.CLUSTER,
            HoldTables.HOLD, CoalesceTables.COALESCE, CoalesceTables.CANDIDATES));

    private ShowTables() {}

    /// @param word in lower case
    static Optional<ShowTable<?>> find(String word) {
        return Optional.ofNullable(BY_WORD.get(word));
    }

    private static Map<String, ShowTable<?>> byWord(List<ShowTable<?>> tables) {
        var byWord = new LinkedHashMap<String, ShowTable<?>>();
        for (var table : tables) byWord.put(table.word(), table);
        return Map.copyOf(byWord);
    }
}
