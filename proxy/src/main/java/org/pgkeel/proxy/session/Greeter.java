package org.pgkeel.proxy.session;

import java.util.LinkedHashMap;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;
import org.pgkeel.proxy.relay.Aside;
import org.pgkeel.proxy.relay.BackendConnection;
import org.pgkeel.proxy.settings.Settings;
import org.pgkeel.proxy.settings.SettingsDiff;

/// Finds out from a backend what a client with certain startup settings is told when it logs in: brings the backend from where it
/// is to no settings, then to the client's, and listens to what it says of its parameters.
///
/// Threading: confined to the session's event loop.
final class Greeter {
    /// Hears the end.
    interface Listener {
        /// @param applied what the backend has now
        void learned(BackendConnection leased, Settings applied, SequencedMap<String, String> parameterStatus);

        /// The server refuses one of the client's startup settings.
        void refused(BackendConnection leased, byte[] errorBody);
    }

    private final Settings startup;
    private final Listener listener;

    Greeter(Settings startup, Listener listener) {
        this.startup = startup;
        this.listener = listener;
    }

    void ask(BackendConnection leased) {
        var told = new LinkedHashMap<>(leased.greeting().parameterStatus());
        if (startup.isEmpty()) {
            listener.learned(leased, leased.applied(), told);
            return;
        }
        String reset = SettingsDiff.sql(leased.applied(), Settings.NONE);
        var asking = new Asking(leased, told);
        if (!reset.isEmpty()) leased.aside(reset, new Resetting(asking));
        leased.aside(SettingsDiff.sql(Settings.NONE, startup), asking);
        leased.outgoing().finish();
    }

    /// What it says of parameters while it is reset counts only if another client's settings had hidden it.
    private record Resetting(Asking asking) implements Aside {
        @Override
        public void error(byte[] errorBody) {
            asking.error(errorBody);
        }

        @Override
        public void parameterStatus(String name, String value) {
            if (asking.told.containsKey(name)) asking.told.put(name, value);
        }

        @Override
        public void done(byte status) {}
    }

    private final class Asking implements Aside {
        private final BackendConnection leased;
        private final SequencedMap<String, String> told;
        private byte @Nullable [] error;

        Asking(BackendConnection leased, SequencedMap<String, String> told) {
            this.leased = leased;
            this.told = told;
        }

        @Override
        public void error(byte[] errorBody) {
            if (error == null) error = errorBody;
        }

        @Override
        public void parameterStatus(String name, String value) {
            told.put(name, value);
        }

        @Override
        public void done(byte status) {
            if (error != null) listener.refused(leased, error);
            else listener.learned(leased, startup, told);
        }
    }
}
