package org.pgkeel.proxy.session;

import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.pgkeel.protocol.backend.TransactionStatus;
import org.pgkeel.proxy.relay.Aside;
import org.pgkeel.proxy.relay.BackendConnection;
import org.pgkeel.proxy.settings.Settings;
import org.pgkeel.proxy.settings.SettingsDiff;
import org.pgkeel.proxy.settings.SettingsTracker;
import org.pgkeel.proxy.statement.Dialect;
import org.pgkeel.proxy.statement.Effect;
import org.pgkeel.proxy.statement.PinReason;

/// One client's settings: brings a backend to them, and tells the client what it has to know of it.
///
/// Threading: confined to the session's event loop.
final class ClientSettings {
    private final SessionContext context;
    private final DatabasePool pool;
    private final Pins pins;
    private final Settings startup;
    private final SettingsTracker tracker;
    private int effectsExpected;
    private boolean changedCatalog;
    /// The open transaction has made a temporary table.
    private boolean ownTable;
    /// Something that is not answered may change how texts are read.
    private boolean dialectChanges;
    private boolean failed;
    /// Reported parameters that changed since the greeting, as the client knows them.
    private Map<String, String> lastTold = Map.of();
    /// What the server reads texts by where the client says nothing, as far as that is unusual.
    private Settings textsByDefault = Settings.NONE;
    private @Nullable Settings meaningOf;
    private Settings meaning = Settings.NONE;
    private @Nullable Settings dialectOf;
    private Dialect dialect = Dialect.USUAL;

    ClientSettings(SessionContext context, DatabasePool pool, Pins pins, Settings startup) {
        this.context = context;
        this.pool = pool;
        this.pins = pins;
        this.startup = context.settings().intern(startup);
        this.tracker = new SettingsTracker(this.startup, context.settings());
    }

    Settings startup() {
        return startup;
    }

    SettingsTracker tracker() {
        return tracker;
    }

    /// A statement with these effects is about to be sent.
    void announced(List<Effect> effects) {
        effectsExpected++;
        for (Effect effect : effects) {
            if (effect instanceof Effect.Ddl) changedCatalog = true;
            else if (effect instanceof Effect.TemporaryTable) ownTable = true;
            else if (Dialect.isChangedBy(effect)) dialectChanges = true;
        }
    }

    /// All that was announced has been answered.
    /// @return something was announced
    boolean answered() {
        boolean some = effectsExpected > 0;
        effectsExpected = 0;
        dialectChanges = false;
        return some;
    }

    /// The backend is gone, and all that was under way on it.
    void backendLost() {
        effectsExpected = 0;
        dialectChanges = false;
        changedCatalog = false;
        ownTable = false;
        failed = false;
        tracker.backendLost();
    }

    /// The transaction that the backend was lost with is known to be committed, and what was set in it.
    void committed() {
        tracker.readyForQuery(TransactionStatus.IDLE);
    }

    /// Something was announced and is not answered.
    boolean expectsEffects() {
        return effectsExpected > 0;
    }

    /// The transaction is over.
    /// @return whether it may have changed the catalogue
    boolean transactionEnded() {
        boolean changed = changedCatalog;
        changedCatalog = false;
        ownTable = false;
        return changed;
    }

    /// BEGIN, COMMIT and ROLLBACK matter: settings of the open transaction hang on how it ends.
    boolean tracksTransaction() {
        return tracker.pending() || effectsExpected > 0;
    }

    /// Statements of this client may mean something else than for other clients with the same settings.
    boolean meaningIsOwn() {
        return tracker.localTouched() || effectsExpected > 0 || changedCatalog || ownTable || pins.contains(PinReason.TEMP_TABLE);
    }

    /// The settings that decide what a statement's text means.
    Settings meaning() {
        Settings desired = tracker.desired();
        if (desired != meaningOf) {
            meaningOf = desired;
            meaning = context.settings().intern(desired.semanticKey().overlay(textsByDefault));
        }
        return meaning;
    }

    /// What is sent next may be cut into tokens in another way, when what was sent is answered.
    boolean dialectMayChange() {
        return dialectChanges;
    }

    /// How the client's SQL is cut into tokens.
    Dialect dialect() {
        Settings desired = tracker.desired();
        if (desired != dialectOf) {
            dialectOf = desired;
            Settings texts = desired.overlay(textsByDefault);
            dialect = Dialect.of(texts.get("standard_conforming_strings").orElse("on"), texts.get("client_encoding").orElse("UTF8"));
        }
        return dialect;
    }

    /// The client is told what the server's parameters are.
    void greeted(Map<String, String> parameterStatus) {
        textsByDefault = Settings.ofTexts(parameterStatus);
        meaningOf = null;
        dialectOf = null;
    }

    // --- bringing a backend in step

    /// A message of the extended protocol is about to be sent, perhaps the first of its batch.
    void beginBatch(BackendConnection leased) {
        if (!leased.exchange().batchOpen()) beforeBatch(leased);
    }

    /// Brings the backend to the client's settings, if nothing of the client is under way on it.
    void beforeBatch(BackendConnection leased) {
        if (tracker.inStep() || !leased.exchange().settled()) return;
        switch (leased.exchange().status()) {
            case 'I' -> sync(leased, Telling.NOTHING);
            case 'T' -> syncInTransaction(leased);
            default -> { }   // nothing can be set in a failed transaction
        }
    }

    /// A RESET took away what the client gave at startup, which is what it resets to in a session of its own: it gets that back
    /// at once, and is told.
    /// @param status of the backend, not failed
    void restoreStartup(BackendConnection leased, byte status) {
        if (status == 'T') syncInTransaction(leased);
        else sync(leased, Telling.WHAT_CHANGED);
        leased.outgoing().finish();
    }

    /// The backend could not be brought to the client's settings: what it answers behind that is not the client's.
    boolean failed() {
        return failed;
    }

    /// The backend that failed is given up.
    void failureHandled() {
        failed = false;
        tracker.backendLost();
    }

    private void sync(BackendConnection leased, Telling telling) {
        leased.aside(SettingsDiff.sql(surelyKnown(tracker.applied()), surelyKnown(tracker.desired())), new Syncing(() -> failed = true, telling));
    }

    /// If it fails the transaction has failed, and the client is told why.
    private void syncInTransaction(BackendConnection leased) {
        leased.aside(SettingsDiff.statements(surelyKnown(tracker.applied()), surelyKnown(tracker.desired())), new Syncing(tracker::error, Telling.WHAT_CHANGED));
    }

    /// A client that used `set_config` with values that its text does not tell keeps its backend, and may have become somebody
    /// else there: whom it is is not touched.
    private Settings surelyKnown(Settings settings) {
        return pins.contains(PinReason.SET_CONFIG) ? settings.without("role").without("session_authorization") : settings;
    }

    /// What a client hears of parameters that change while its backend is brought in step.
    private enum Telling { NOTHING, WHAT_CHANGED }

    private final class Syncing implements Aside {
        private final Runnable onFailure;
        private final Telling telling;
        private boolean broken;

        Syncing(Runnable onFailure, Telling telling) {
            this.onFailure = onFailure;
            this.telling = telling;
        }

        @Override
        public void error(byte[] errorBody) {
            broken = true;
        }

        @Override
        public boolean tellsClient(String name, String value) {
            return telling == Telling.WHAT_CHANGED && isNews(name, value);
        }

        @Override
        public void done(byte status) {
            if (broken) onFailure.run();
            else tracker.synced();
        }
    }

    // --- what the client knows

    /// The client was told this last.
    boolean isKnown(String name, String value) {
        return value.equals(lastTold.getOrDefault(name, greeted(name)));
    }

    private boolean isNews(String name, String value) {
        if (isKnown(name, value)) return false;
        told(name, value);
        return true;
    }

    private void told(String name, String value) {
        if (lastTold.isEmpty()) lastTold = new HashMap<>();
        lastTold.put(name, value);
    }

    /// ParameterStatus of the backend, by the client's own doing.
    /// @return the value that the client is to be told; null if it knows
    @Nullable String parameterStatus(String name, String value) {
        tracker.parameterStatus(name, value);
        String key = name.toLowerCase(Locale.ROOT);
        Optional<String> desired = tracker.desired().get(key);
        String truth = value;
        // After a RESET the backend is back at its own default, the client at what it gave at startup; the backend will follow.
        if (desired.isPresent() && !desired.equals(tracker.applied().get(key)) && desired.equals(startup.get(key))) {
            truth = greeted(name).isEmpty() ? desired.get() : greeted(name);
            if (truth.equals(lastTold.getOrDefault(name, truth))) return null;
        }
        told(name, truth);
        return truth;
    }

    /// What the client was told of a parameter at its login.
    private String greeted(String name) {
        return pool.greetings().of(startup).map(greeting -> greeting.getOrDefault(name, "")).orElse("");
    }
}
