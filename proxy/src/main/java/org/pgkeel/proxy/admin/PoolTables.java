package org.pgkeel.proxy.admin;

import static org.pgkeel.proxy.admin.ConnectionTables.MICROS_PER_SECOND;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import org.pgkeel.proxy.config.PoolMode;
import org.pgkeel.proxy.observe.DatabaseSnapshot;
import org.pgkeel.proxy.observe.Endpoint;
import org.pgkeel.proxy.observe.PoolSnapshot;
import org.pgkeel.proxy.observe.UserSnapshot;

/// SHOW POOLS, DATABASES, USERS, PINS and the empty tables of peers. PgBouncer's columns, PINS and the last one of POOLS excepted.
final class PoolTables {
    private PoolTables() {}

    static final ShowTable<?> POOLS = ShowTable.<PoolSnapshot>of("pools", sources -> sources.operations().pools())
            .text("database", PoolSnapshot::database)
            .text("user", PoolSnapshot::user)
            .int4("cl_active", pool -> pool.clients().active())
            .int4("cl_waiting", pool -> pool.clients().waiting())
            .int4("cl_active_cancel_req", pool -> pool.clients().activeCancel())
            .int4("cl_waiting_cancel_req", pool -> pool.clients().waitingCancel())
            .int4("sv_active", pool -> pool.servers().active())
            .int4("sv_active_cancel", pool -> pool.servers().activeCancel())
            .int4("sv_being_canceled", pool -> pool.servers().beingCanceled())
            .int4("sv_idle", pool -> pool.servers().idle())
            .int4("sv_used", pool -> pool.servers().used())
            .int4("sv_tested", pool -> pool.servers().tested())
            .int4("sv_login", pool -> pool.servers().login())
            .int4("maxwait", pool -> (int) (pool.maxWaitMicros() / MICROS_PER_SECOND))
            .int4("maxwait_us", pool -> (int) (pool.maxWaitMicros() % MICROS_PER_SECOND))
            .text("pool_mode", pool -> word(pool.mode()))
            .optionalText("load_balance_hosts", _ -> Optional.empty())
            .text("node", PoolSnapshot::node);

    static final ShowTable<?> DATABASES = ShowTable.<DatabaseSnapshot>of("databases", sources -> sources.operations().databases())
            .text("name", DatabaseSnapshot::name)
            .optionalText("host", database -> database.host().map(Endpoint::host))
            .int4("port", database -> database.host().map(Endpoint::port).orElse(0))
            .text("database", DatabaseSnapshot::backendName)
            .optionalText("force_user", DatabaseSnapshot::backendUser)
            .int4("pool_size", DatabaseSnapshot::poolMax)
            .int4("min_pool_size", DatabaseSnapshot::poolMin)
            .int4("reserve_pool_size", DatabaseSnapshot::reserve)
            .int4("server_lifetime", database -> Math.clamp(database.serverLifetime().toSeconds(), 0, Integer.MAX_VALUE))
            .text("pool_mode", database -> word(database.mode()))
            .optionalText("load_balance_hosts", _ -> Optional.empty())
            .limit("max_connections", DatabaseSnapshot::serversMax)
            .int4("current_connections", DatabaseSnapshot::servers)
            .limit("max_client_connections", DatabaseSnapshot::clientsMax)
            .int4("current_client_connections", DatabaseSnapshot::clients)
            .int4("paused", database -> database.paused() ? 1 : 0)
            .int4("disabled", database -> database.disabled() ? 1 : 0);

    static final ShowTable<?> USERS = ShowTable.<UserSnapshot>of("users", sources -> sources.operations().users())
            .text("name", UserSnapshot::name)
            .text("pool_size", user -> own(user.poolMax()))
            .text("reserve_pool_size", user -> own(user.reserve()))
            .optionalText("pool_mode", user -> user.mode().map(PoolTables::word))
            .limit("max_user_connections", UserSnapshot::serversMax)
            .int4("current_connections", UserSnapshot::servers)
            .limit("max_user_client_connections", UserSnapshot::clientsMax)
            .int4("current_client_connections", UserSnapshot::clients);

    /// Backend connections of one pool that are pinned right now for one reason.
    private record Pins(String database, String user, String reason, long servers) {}

    static final ShowTable<?> PINS = ShowTable.<Pins>of("pins", sources -> sources.operations().pools().thenApply(PoolTables::pins))
            .text("database", Pins::database)
            .text("user", Pins::user)
            .text("reason", Pins::reason)
            .int8("pinned", Pins::servers);

    /// Instances of PgKeel share nothing, so there are no peers.
    static final ShowTable<?> PEERS = ShowTable.<Integer>of("peers", _ -> CompletableFuture.completedFuture(List.of()))
            .int4("peer_id", peer -> peer)
            .text("host", _ -> "")
            .int4("port", _ -> 0)
            .int4("pool_size", _ -> 0);

    static final ShowTable<?> PEER_POOLS = ShowTable.<Integer>of("peer_pools", _ -> CompletableFuture.completedFuture(List.of()))
            .int4("peer_id", peer -> peer)
            .int4("cl_active_cancel_req", _ -> 0)
            .int4("cl_waiting_cancel_req", _ -> 0)
            .int4("sv_active_cancel", _ -> 0)
            .int4("sv_login", _ -> 0);

    private static List<Pins> pins(List<PoolSnapshot> pools) {
        return pools.stream()
                .flatMap(pool -> pool.pinnedByReason().entrySet().stream()
                        .filter(pinned -> pinned.getValue() > 0)
                        .sorted(Map.Entry.comparingByKey())
                        .map(pinned -> new Pins(pool.database(), pool.user(), pinned.getKey(), pinned.getValue())))
                .toList();
    }

    private static String word(PoolMode mode) {
        return mode.name().toLowerCase(Locale.ROOT);
    }

    /// PgBouncer pads to nine characters and shows nothing where the user has no value of its own.
    private static String own(OptionalInt value) {
        return value.isEmpty() ? "" : "%9d".formatted(value.getAsInt());
    }
}
