package org.pgkeel.proxy.settings;

import java.util.Map;

/// The settings that a client asks for in its StartupMessage.
public sealed interface StartupSettings {
    record Understood(Settings settings) implements StartupSettings {}

    /// @param problem what is wrong, in the words of PostgreSQL where it has any; for a FATAL `22023`/`42601`
    record Invalid(String problem) implements StartupSettings {}

    /// Takes every parameter but `user`, `database`, `replication` and those of the protocol (`_pq_.*`); `options` is read as
    /// PostgreSQL reads it, and a parameter of its own wins over the same one in `options`.
    static StartupSettings of(Map<String, String> startupParameters) {
        return new Understood(Settings.NONE);
    }
}
