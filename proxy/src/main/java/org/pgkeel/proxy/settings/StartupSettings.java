package org.pgkeel.proxy.settings;

import java.util.Locale;
import java.util.Map;
import java.util.Set;

/// The settings that a client asks for in its StartupMessage.
/// <https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-STARTUPMESSAGE>
public sealed interface StartupSettings {
    record Understood(Settings settings) implements StartupSettings {}

    /// @param problem what is wrong with `options`, in PostgreSQL's words; for a FATAL `42601`
    record Invalid(String problem) implements StartupSettings {}

    Set<String> NOT_SETTINGS = Set.of("user", "database", "replication", "options");

    /// Takes every parameter but `user`, `database`, `replication` and those of the protocol (`_pq_.*`); `options` is read as
    /// PostgreSQL reads it, and a parameter of its own wins over the same one in `options`.
    static StartupSettings of(Map<String, String> startupParameters) {
        StartupSettings options = CommandLineOptions.parse(startupParameters.getOrDefault("options", ""));
        return switch (options) {
            case Invalid invalid -> invalid;
            case Understood(Settings fromOptions) -> {
                Settings settings = fromOptions;
                for (Map.Entry<String, String> parameter : startupParameters.entrySet()) {
                    String name = parameter.getKey();
                    if (!NOT_SETTINGS.contains(name) && !name.startsWith("_pq_.")) {
                        settings = settings.with(name.toLowerCase(Locale.ROOT), parameter.getValue());
                    }
                }
                yield new Understood(settings);
            }
        };
    }
}
