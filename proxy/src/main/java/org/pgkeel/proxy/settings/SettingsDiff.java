package org.pgkeel.proxy.settings;

/// The SQL that brings a backend connection from one client's settings to another's.
public final class SettingsDiff {
    private SettingsDiff() {}

    /// A simple Query's text: `BEGIN; RESET ...; SET ...; COMMIT`. After an error the backend is left in a failed transaction,
    /// so that nothing pipelined behind it can run with the wrong settings. It works in hot standby and whatever the
    /// defaults of transactions are. Empty when there is nothing to do.
    public static String sql(Settings applied, Settings desired) {
        return "";
    }

    /// The same without BEGIN and COMMIT, for use inside of an open transaction, with which it is undone.
    public static String statements(Settings applied, Settings desired) {
        return "";
    }
}
