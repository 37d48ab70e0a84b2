package org.pgkeel.proxy.session;

import java.util.LinkedHashMap;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;
import org.pgkeel.proxy.pool.CloseReason;
import org.pgkeel.proxy.relay.Aside;
import org.pgkeel.proxy.relay.BackendConnection;
import org.pgkeel.proxy.settings.Settings;
import org.pgkeel.proxy.settings.SettingsDiff;

/// Greets one client: at once, if it is known what clients with its startup settings are told ([Greetings]), else when a backend has said it. That
/// backend is brought from where it is to no settings, then to the client's, and listened to for what it says of its parameters.
///
/// Threading: confined to the session's event loop.
final class Greeter {
    private final ClientSession session;
    private final Settings startup;

    Greeter(ClientSession session) {
        this.session = session;
        this.startup = session.settings().startup();
    }

    void greet() {
        session.pool().greetings().of(startup).ifPresentOrElse(session::greeted, session.path()::askForGreeting);
    }

    /// @param leased is the client's until it has answered
    void ask(BackendConnection leased) {
        session.lease().borrow(leased);
        var told = new LinkedHashMap<>(leased.greeting().parameterStatus());
        if (startup.isEmpty()) {
            learned(leased, leased.applied(), told);
            return;
        }
        String reset = SettingsDiff.sql(leased.applied(), Settings.NONE);
        var asking = new Asking(leased, told);
        if (!reset.isEmpty()) leased.aside(reset, new Resetting(asking));
        leased.aside(SettingsDiff.sql(Settings.NONE, startup), asking);
        leased.outgoing().finish();
    }

    /// @param applied what the backend has now
    private void learned(BackendConnection asked, Settings applied, SequencedMap<String, String> parameterStatus) {
        if (!session.lease().returns(asked)) return;
        asked.endLease(applied, System.nanoTime());
        session.pool().greetings().learn(startup, parameterStatus);
        session.greeted(parameterStatus);
    }

    /// The server refuses one of the client's startup settings.
    private void refused(BackendConnection asked, byte[] errorBody) {
        if (!session.lease().returns(asked)) return;
        asked.abandon(CloseReason.SETTINGS_FAILED, System.nanoTime());
        session.end().inItsWords(errorBody, ClientClose.STARTUP_REFUSED);
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
            if (error != null) refused(leased, error);
            else learned(leased, startup, told);
        }
    }
}
