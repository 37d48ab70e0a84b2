package org.pgkeel.proxy.config;

import com.typesafe.config.ConfigValueFactory;
import java.time.Duration;

/// Times as the file writes them: `30s`, `800ms`.
final class Durations {
    private Durations() {}

    static Duration parse(String text) {
        return ConfigValueFactory.fromAnyRef(text).atKey("v").getDuration("v");
    }

    static String render(Duration time) {
        long millis = time.toMillis();
        if (millis == 0) return "0";
        if (millis % 86_400_000 == 0) return millis / 86_400_000 + "d";
        if (millis % 3_600_000 == 0) return millis / 3_600_000 + "h";
        if (millis % 60_000 == 0) return millis / 60_000 + "m";
        return millis % 1_000 == 0 ? millis / 1_000 + "s" : millis + "ms";
    }
}
