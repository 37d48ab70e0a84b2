package org.pgkeel.proxy.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.pgkeel.proxy.postgres.PostgresFixture;
import org.pgkeel.proxy.postgres.SharedPostgres;

/// Settings with letters beyond ASCII, of clients that share one backend.
class SettingsBeyondAsciiEndToEndTest {
    private final PostgresFixture postgres = SharedPostgres.get();
    private final TestProxy proxy = TestProxy.start(postgres, "databases.\"*\".pool { max = 1, max-wait = 2s }\n");

    @AfterEach
    void stop() {
        proxy.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"set app.tenant = 'M\u00fcller \ud83d\udc18'", "select set_config('app.tenant', 'M\u00fcller \ud83d\udc18', false)",
        "set app.tenant = E'M\\u00fcller \\U0001F418'", "set app.tenant = U&'M\\00fcller \\+01F418'"})
    void are_the_clients_again_when_others_had_the_backend(String sql) throws SQLException {
        for (String mode : new String[] {"simple", "extended"}) {
            try (Connection client = proxy.connect("preferQueryMode", mode); Connection other = proxy.connect()) {
                TestProxy.execute(client, sql);
                assertThat(TestProxy.value(other, "select coalesce(current_setting('app.tenant', true), '')")).isEmpty();
                assertThat(TestProxy.value(client, "show app.tenant")).isEqualTo("M\u00fcller \ud83d\udc18");
            }
        }
    }

    @Test
    void a_list_of_schemas_is_the_clients_again() throws SQLException {
        try (Connection client = proxy.connect(); Connection other = proxy.connect()) {
            TestProxy.execute(client, "set search_path = \"gr\u00f6\u00dfe\", public");
            assertThat(TestProxy.value(other, "show search_path")).doesNotContain("gr");
            assertThat(TestProxy.value(client, "show search_path")).isEqualTo("\"gr\u00f6\u00dfe\", public");
        }
    }

    @Test
    void of_the_startup_packet_are_the_clients_on_a_backend_of_another_encoding() throws SQLException {
        try (Connection latin = proxy.connect("allowEncodingChanges", "true"); Connection client = proxy.connect("options", "-c app.tenant=M\u00fcller")) {
            TestProxy.execute(latin, "set client_encoding = 'LATIN1'");
            assertThat(TestProxy.value(client, "show app.tenant")).isEqualTo("M\u00fcller");
        }
    }

    @Test
    void in_an_encoding_that_is_not_read_keep_the_backend() throws Exception {
        try (TestProxy trusting = trusting(); var client = new Bytes(trusting.port()); Connection other = trusting.connect()) {
            client.ask("set client_encoding = 'LATIN1'");
            client.ask("set app.tenant = 'M\u00fcller'");
            assertThatThrownBy(() -> TestProxy.value(other, "select 1")).hasFieldOrPropertyWithValue("SQLState", "57P03");
            assertThat(client.ask("show app.tenant")).contains("M\u00fcller");
            client.ask("discard all");
            assertThat(TestProxy.value(other, "select coalesce(current_setting('app.tenant', true), '')")).isEmpty();
        }
    }

    /// Two Queries in one write: how the second one is read hangs on the first one.
    @Test
    void a_setting_behind_a_backslash_is_seen_when_the_client_has_just_said_that_it_escapes() throws Exception {
        try (TestProxy trusting = trusting(); var client = new Bytes(trusting.port()); Connection other = trusting.connect()) {
            client.ask("set standard_conforming_strings = off", "select '\\'', set_config('app.tenant', 'mine', false), ''");
            assertThat(TestProxy.value(other, "select coalesce(current_setting('app.tenant', true), '')")).isEmpty();
        }
    }

    private TestProxy trusting() {
        return TestProxy.start(postgres, "databases.\"*\".pool { max = 1, max-wait = 2s }\nauth.rules = [ { user = app, method = trust } ]\n");
    }

    /// A client whose texts have one character for each byte.
    private static final class Bytes implements AutoCloseable {
        private final Socket socket;
        private final DataInputStream in;

        Bytes(int port) throws IOException {
            socket = new Socket(InetAddress.getLoopbackAddress(), port);
            socket.setSoTimeout(60_000);
            in = new DataInputStream(socket.getInputStream());
            byte[] parameters = "user\0app\0database\0app\0\0".getBytes(StandardCharsets.US_ASCII);
            socket.getOutputStream().write(ByteBuffer.allocate(8 + parameters.length).putInt(8 + parameters.length).putInt(3 << 16).put(parameters).array());
            answers(1);
        }

        /// @return all that is said in reply to these Queries
        String ask(String... queries) throws IOException {
            var out = new ByteArrayOutputStream();
            for (String sql : queries) {
                byte[] text = sql.getBytes(StandardCharsets.ISO_8859_1);
                out.writeBytes(ByteBuffer.allocate(6 + text.length).put((byte) 'Q').putInt(5 + text.length).put(text).array());
            }
            socket.getOutputStream().write(out.toByteArray());
            return answers(queries.length);
        }

        private String answers(int readyForQuery) throws IOException {
            var said = new StringBuilder();
            for (int ready = 0; ready < readyForQuery; ) {
                char type = (char) in.readByte();
                if (type == 'Z') ready++;
                said.append(type).append(new String(in.readNBytes(in.readInt() - 4), StandardCharsets.ISO_8859_1));
            }
            return said.toString();
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"off", "0", "false", "no"})
    void a_setting_behind_a_backslash_is_seen_however_the_startup_packet_says_that_it_escapes(String word) throws SQLException {
        try (Connection client = proxy.connect("preferQueryMode", "simple", "options", "-c standard_conforming_strings=" + word); Connection other = proxy.connect()) {
            TestProxy.execute(client, "select '\\'', set_config('app.tenant', 'mine', false), ''");
            assertThat(TestProxy.value(other, "select coalesce(current_setting('app.tenant', true), '')")).isEmpty();
            assertThat(TestProxy.value(client, "show app.tenant")).isEqualTo("mine");
        }
    }
}
