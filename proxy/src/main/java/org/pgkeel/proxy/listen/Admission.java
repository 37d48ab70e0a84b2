package org.pgkeel.proxy.listen;

import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.pgkeel.proxy.config.DatabaseConfig;
import org.pgkeel.proxy.config.ProxyConfig;
import org.pgkeel.proxy.config.UserConfig;
import org.pgkeel.proxy.refusal.Refusal;
import org.pgkeel.proxy.refusal.RefusalReason;

/// Counts clients in: in all, per database, per user.
///
/// Threading: shared; atomic counters.
public final class Admission {
    private final AtomicInteger all = new AtomicInteger();
    private final Map<String, AtomicInteger> databases = new ConcurrentHashMap<>();
    private final Map<String, AtomicInteger> users = new ConcurrentHashMap<>();

    /// Counts a client in; if a limit is reached it is not counted.
    /// @return why not, if not
    Optional<Refusal> enter(ProxyConfig config, DatabaseConfig database, String databaseName, String user) {
        UserConfig own = config.users().get(user);
        Optional<Refusal> no = take(all, OptionalInt.of(config.limits().clients()), "clients", "limits.clients");
        if (no.isPresent()) return no;
        AtomicInteger ofDatabase = databases.computeIfAbsent(databaseName, _ -> new AtomicInteger());
        no = take(ofDatabase, database.maxClients(), "clients of database \"" + databaseName + "\"", "databases." + database.name() + ".max-clients");
        if (no.isPresent()) {
            all.decrementAndGet();
            return no;
        }
        AtomicInteger ofUser = users.computeIfAbsent(user, _ -> new AtomicInteger());
        no = take(ofUser, own == null ? OptionalInt.empty() : own.maxClients(), "clients of user \"" + user + "\"", "users." + user + ".max-clients");
        if (no.isPresent()) {
            all.decrementAndGet();
            ofDatabase.decrementAndGet();
        }
        return no;
    }

    /// Counts a client out.
    void leave(String database, String user) {
        all.decrementAndGet();
        databases.get(database).decrementAndGet();
        users.get(user).decrementAndGet();
    }

    public int clients() {
        return all.get();
    }

    public int clientsOfDatabase(String database) {
        var count = databases.get(database);
        return count == null ? 0 : count.get();
    }

    public int clientsOfUser(String user) {
        var count = users.get(user);
        return count == null ? 0 : count.get();
    }

    private static Optional<Refusal> take(AtomicInteger count, OptionalInt max, String what, String key) {
        int now = count.incrementAndGet();
        if (max.isEmpty() || now <= max.getAsInt()) return Optional.empty();
        count.decrementAndGet();
        return Optional.of(Refusal.of(RefusalReason.TOO_MANY_CLIENTS, "too many " + what + ": " + max.getAsInt(), "The limit is " + key + "."));
    }
}
