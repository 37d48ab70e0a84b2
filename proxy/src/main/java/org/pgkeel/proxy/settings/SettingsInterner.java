package org.pgkeel.proxy.settings;

import org.jspecify.annotations.Nullable;

/// Makes equal settings one object, so that comparing the settings of a client with those of a backend is `==` nearly always.
/// It remembers a bounded number, forgetting the ones not asked for, and none that are large; settings that were forgotten are still equal by `equals`.
///
/// Threading: confined to one event loop.
public final class SettingsInterner {
    private static final int WAYS = 4;

    /// Rows of [#WAYS] places, the most recently used one first.
    private final @Nullable Settings[] places;
    private final int rowMask;

    /// @param settingsMax how many different settings are remembered; rounded up to a power of two, 8 or more
    public SettingsInterner(int settingsMax) {
        int rows = Integer.highestOneBit(Math.max(1, (settingsMax + WAYS - 1) / WAYS - 1)) << 1;
        this.places = new Settings[rows * WAYS];
        this.rowMask = rows - 1;
    }

    /// @return settings equal to these, the same object for equal ones as long as they are remembered
    public Settings intern(Settings settings) {
        if (settings.isEmpty()) {
            return Settings.NONE;
        }
        if (settings.isLarge()) {
            return settings;
        }
        int hash = settings.hashCode();
        int row = ((hash ^ hash >>> 16) & rowMask) * WAYS;
        Settings found = settings;
        int way = 0;
        while (way < WAYS - 1 && places[row + way] != null && !settings.equals(places[row + way])) {
            way++;
        }
        Settings candidate = places[row + way];
        if (candidate != null && candidate.equals(settings)) {
            found = candidate;
        }
        System.arraycopy(places, row, places, row + 1, way);
        places[row] = found;
        return found;
    }
}
