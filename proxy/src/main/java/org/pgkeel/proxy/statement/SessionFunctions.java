package org.pgkeel.proxy.statement;

import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// Functions that make, ask or end session state; `set_config` is looked at by [SetConfigCalls].
public final class SessionFunctions {
    private static final Effect LOCK = new Effect.Pin(PinReason.ADVISORY_LOCK);
    private static final Effect UNLOCK = new Effect.AdvisoryUnlock();
    private static final Effect SEQUENCE = new Effect.SessionSequence();
    private static final Effect OTHER = new Effect.Pin(PinReason.SESSION_FUNCTION);

    private static final Map<String, Effect> EFFECTS = Map.ofEntries(
            Map.entry("pg_advisory_lock", LOCK),
            Map.entry("pg_advisory_lock_shared", LOCK),
            Map.entry("pg_try_advisory_lock", LOCK),
            Map.entry("pg_try_advisory_lock_shared", LOCK),
            Map.entry("pg_advisory_unlock", UNLOCK),
            Map.entry("pg_advisory_unlock_shared", UNLOCK),
            Map.entry("pg_advisory_unlock_all", new Effect.AdvisoryUnlockAll()),
            Map.entry("currval", SEQUENCE),
            Map.entry("lastval", SEQUENCE),
            Map.entry("setseed", new Effect.Pin(PinReason.RANDOM_SEED)),
            Map.entry("set_limit", new Effect.Pin(PinReason.SET_CONFIG)),
            Map.entry("pg_backup_start", OTHER),
            Map.entry("pg_create_physical_replication_slot", OTHER),
            Map.entry("pg_create_logical_replication_slot", OTHER),
            Map.entry("pg_copy_physical_replication_slot", OTHER),
            Map.entry("pg_copy_logical_replication_slot", OTHER),
            Map.entry("dblink_connect", OTHER),
            Map.entry("dblink_connect_u", OTHER),
            Map.entry("pg_replication_origin_session_setup", OTHER));

    /// `set_config`, `setseed`, `currval`, `lastval`, `pg_replication_origin_session_setup`, what takes or gives back a lock of the session, `pg_backup_start`,
    /// and what makes a replication slot, by their oids.
    private static final Set<Integer> BUILTIN = Set.of(2078, 1599, 1575, 2559, 6006, 2880, 2881, 2882, 2883, 2884, 2885, 2886, 2887, 2888, 2889, 2890, 2891, 2892,
            2172, 3779, 3786, 4220, 4221, 4222, 4223, 4224);

    private SessionFunctions() {}

    /// Whether a function that comes with the server makes session state, or ends it.
    /// @param oid as a FunctionCall names it
    public static boolean isOne(int oid) {
        return BUILTIN.contains(oid);
    }

    static Optional<Effect> effectOf(String function) {
        return Optional.ofNullable(EFFECTS.get(function));
    }

    static Iterable<String> names() {
        return EFFECTS.keySet();
    }
}
