package org.pgkeel.proxy.transport;

import java.util.Arrays;
import java.util.stream.Stream;
import org.pgkeel.proxy.config.RuntimeConfig;

/// The transports that this JVM tests, by `-Dpgkeel.transports=epoll,nio`. io_uring has a JVM of its own, so that
/// trouble of its rings, which close descriptors later, stays with it.
public final class Transports {
    private Transports() {}

    /// As `runtime.transport` spells them.
    public static Stream<String> words() {
        return Arrays.stream(System.getProperty("pgkeel.transports", "epoll,nio").split(","));
    }

    public static Stream<RuntimeConfig.Transport> wanted() {
        return words().map(word -> RuntimeConfig.Transport.valueOf(word.toUpperCase(java.util.Locale.ROOT)));
    }
}
