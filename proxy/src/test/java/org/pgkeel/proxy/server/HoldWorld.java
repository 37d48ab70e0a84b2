package org.pgkeel.proxy.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.pgkeel.proxy.postgres.FixtureOptions;
import org.pgkeel.proxy.postgres.PostgresFixture;
import org.pgkeel.proxy.wire.WireClient;

/// A server that is lost and comes back, for each test a proxy in front of it, and the clients of that. To be registered as an extension: the server is there
/// for all tests of a class, and the rest ends with each of them.
///
/// Threading: confined to one thread.
final class HoldWorld implements BeforeAllCallback, AfterEachCallback, AfterAllCallback {
    /// A key of `hold`.
    static final String PATIENT = "max-wait = 10m";

    private final List<WireClient> clients = new ArrayList<>();
    private PostgresFixture postgres;
    private RunningProxy proxy;
    private Connection console;
    private boolean lost;

    @Override
    public void beforeAll(ExtensionContext context) {
        postgres = PostgresFixture.start(FixtureOptions.DEFAULT);
        postgres.execute("create table kept (n int generated always as identity, what text)", "grant all on kept to app", "alter database app set synchronous_commit = on", "checkpoint");
    }

    @Override
    public void afterAll(ExtensionContext context) {
        postgres.close();
    }

    /// @param hold keys of the section
    void startProxy(String hold) throws SQLException {
        startProxy(hold, "");
    }

    void startProxy(String hold, String more) throws SQLException {
        postgres.execute("truncate kept");
        proxy = RunningProxy.start(postgres, RunningProxy.config(postgres, 3, """
                clusters.main { monitor { user = postgres, password = postgres }, hold { %s } }
                %s
                """.formatted(hold, more)));
        console = proxy.console();
    }

    @Override
    public void afterEach(ExtensionContext context) throws IOException {
        for (WireClient client : clients) client.close();
        clients.clear();
        proxy.close();
        if (lost) comeBack();
    }

    PostgresFixture postgres() {
        return postgres;
    }

    RunningProxy proxy() {
        return proxy;
    }

    /// A client that has been served.
    WireClient client() throws IOException {
        WireClient client = newClient();
        assertThat(Replies.value(client, "select 'here'")).isEqualTo("here");
        return client;
    }

    /// A client that has been greeted.
    WireClient newClient() throws IOException {
        WireClient client = WireClient.ofApp(proxy.server().port(), Map.of());
        clients.add(client);
        return client;
    }

    List<WireClient> clients(int count) throws IOException {
        List<WireClient> made = new ArrayList<>();
        for (int i = 0; i < count; i++) made.add(client());
        return made;
    }

    void lose() {
        lost = true;
        postgres.kill();
        await().untilAsserted(() -> assertThat(hold()).containsEntry("reason", "primary_lost"));
    }

    void comeBack() {
        await().ignoreExceptions().until(() -> {
            postgres.startAgain();
            return true;
        });
        lost = false;
    }

    Map<String, String> hold() throws SQLException {
        return RunningProxy.show(console, "HOLD").getFirst();
    }

    long hold(String column) throws SQLException {
        return Long.parseLong(hold().get(column));
    }

    void awaitWaiting(int count) {
        await().untilAsserted(() -> assertThat(hold("waiting")).isEqualTo(count));
    }

    void assertBooksAddUp() {
        await().untilAsserted(() -> {
            assertThat(hold()).containsEntry("state", "open").containsEntry("waiting", "0").containsEntry("waiting_bytes", "0");
            assertThat(hold("held")).isEqualTo(hold("drained") + hold("refused") + hold("gone"));
        });
    }
}
