package org.pgkeel.proxy.session;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.concurrent.ConcurrentHashMap;
import org.pgkeel.proxy.settings.Settings;

/// What a pool's server says about its parameters when a client with certain startup settings logs in. Asked once per
/// combination; the next client with the same is told without a backend.
///
/// Threading: shared, a concurrent map.
public final class Greetings {
    private static final int REMEMBERED_MAX = 1000;

    private final Map<Settings, SequencedMap<String, String>> known = new ConcurrentHashMap<>();

    Optional<SequencedMap<String, String>> of(Settings startup) {
        return Optional.ofNullable(known.get(startup));
    }

    void learn(Settings startup, SequencedMap<String, String> parameterStatus) {
        if (known.size() >= REMEMBERED_MAX) known.clear();
        known.put(startup, new LinkedHashMap<>(parameterStatus));
    }

    /// The server may say something else now.
    public void forget() {
        known.clear();
    }
}
