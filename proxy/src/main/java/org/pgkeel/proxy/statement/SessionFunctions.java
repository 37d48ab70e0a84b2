package org.pgkeel.proxy.statement;

import java.util.Map;
import java.util.Optional;

/// Functions that make, ask or end session state; `set_config` is looked at by [SetConfigCalls].
final class SessionFunctions {
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
            Map.entry("dblink_connect", OTHER),
            Map.entry("dblink_connect_u", OTHER),
            Map.entry("pg_replication_origin_session_setup", OTHER));

    private SessionFunctions() {}

    static Optional<Effect> effectOf(String function) {
        return Optional.ofNullable(EFFECTS.get(function));
    }

    static Iterable<String> names() {
        return EFFECTS.keySet();
    }
}
