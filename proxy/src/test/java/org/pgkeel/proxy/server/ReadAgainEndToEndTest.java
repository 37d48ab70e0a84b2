package org.pgkeel.proxy.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.pgkeel.protocol.backend.BackendMessage;
import org.pgkeel.protocol.backend.DataRow;
import org.pgkeel.protocol.backend.ErrorResponse;
import org.pgkeel.protocol.backend.ReadyForQuery;
import org.pgkeel.protocol.frontend.Bind;
import org.pgkeel.protocol.frontend.Describe;
import org.pgkeel.protocol.frontend.Execute;
import org.pgkeel.protocol.frontend.FrontendMessage;
import org.pgkeel.protocol.frontend.Parse;
import org.pgkeel.protocol.frontend.Query;
import org.pgkeel.protocol.frontend.Sync;
import org.pgkeel.protocol.frontend.Target;
import org.pgkeel.protocol.wire.Value;
import org.pgkeel.proxy.postgres.PostgresFixture;
import org.pgkeel.proxy.postgres.SharedPostgres;
import org.pgkeel.proxy.wire.WireClient;

/// A client prepares a statement, changes a setting that its text is read by, and uses it where the backend does not have it any more: what the backend makes
/// of the text then is nothing for another client that has prepared the same with the settings as they were.
class ReadAgainEndToEndTest {
    private static final String TEXT = "select '2024-01-01 00:00'::timestamptz = '2024-01-01 00:00+00'";
    private static final Value TRUE = Value.ofText("t");

    private final PostgresFixture postgres = SharedPostgres.get();
    private TestProxy proxy;
    private WireClient client;
    private WireClient other;

    /// One backend, which keeps no more than the statement that was used last.
    @BeforeEach
    void start() throws IOException {
        proxy = TestProxy.start(postgres, "databases.\"*\".pool { max = 1 }\nruntime.event-loops = 1\nprepared.per-backend = 1\n");
        client = WireClient.ofApp(proxy.port(), Map.of("TimeZone", "UTC"));
        other = WireClient.ofApp(proxy.port(), Map.of("TimeZone", "UTC"));
    }

    @AfterEach
    void stop() throws IOException {
        other.close();
        client.close();
        proxy.close();
    }

    private static List<BackendMessage> ask(WireClient client, FrontendMessage... messages) throws IOException {
        client.send(messages);
        List<BackendMessage> replies = new ArrayList<>();
        do {
            replies.add(client.read());
        } while (!(replies.getLast() instanceof ReadyForQuery));
        return replies;
    }

    private static List<BackendMessage> done(WireClient client, FrontendMessage... messages) throws IOException {
        List<BackendMessage> replies = ask(client, messages);
        assertThat(replies).noneMatch(ErrorResponse.class::isInstance);
        return replies;
    }

    private static FrontendMessage[] executing(String statement) {
        return new FrontendMessage[] {new Bind("", statement, List.of(), List.of(), List.of()), new Execute("", 0), Sync.INSTANCE};
    }

    private static Value answer(List<BackendMessage> replies) {
        return replies.stream().filter(DataRow.class::isInstance).map(row -> ((DataRow) row).values().getFirst()).findFirst().orElseThrow();
    }

    /// The backend forgets what it has.
    private static void forget(WireClient client) throws IOException {
        done(client, new Parse("filler" + System.nanoTime(), "select 2", List.of()), Sync.INSTANCE);
    }

    @ParameterizedTest
    @CsvSource({"set timezone = 'Asia/Tokyo', commit", "begin, set local timezone = 'Asia/Tokyo'", "begin, set timezone = 'Asia/Tokyo'"})
    void a_bind_behind_another_time_zone(String first, String second) throws IOException {
        done(client, new Parse("mine", TEXT, List.of()), Sync.INSTANCE);
        forget(client);
        done(client, new Query(first));
        done(client, new Query(second));
        done(client, executing("mine"));
        done(client, new Query("rollback"));
        done(other, new Parse("theirs", TEXT, List.of()), Sync.INSTANCE);
        assertThat(answer(done(other, executing("theirs")))).isEqualTo(TRUE);
    }

    @Test
    void a_describe_behind_another_time_zone() throws IOException {
        done(client, new Parse("mine", TEXT, List.of()), Sync.INSTANCE);
        forget(client);
        done(client, new Query("set timezone = 'Asia/Tokyo'"));
        done(client, new Describe(Target.STATEMENT, "mine"), Sync.INSTANCE);
        done(other, new Parse("theirs", TEXT, List.of()), Sync.INSTANCE);
        assertThat(answer(done(other, executing("theirs")))).isEqualTo(TRUE);
    }

    @ParameterizedTest
    @CsvSource({"set timezone = 'Asia/Tokyo', commit", "begin, set local timezone = 'Asia/Tokyo'"})
    void an_execute_behind_another_time_zone(String first, String second) throws IOException {
        for (WireClient each : List.of(other, client)) done(each, new Query("prepare same as " + TEXT));
        forget(client);
        done(client, new Query(first));
        done(client, new Query(second));
        done(client, new Query("execute same"));
        done(client, new Query("rollback"));
        assertThat(answer(done(other, new Query("execute same")))).isEqualTo(TRUE);
        done(client, new Query("deallocate same"));
        assertThat(answer(done(other, new Query("execute same")))).isEqualTo(TRUE);
    }

    @Test
    void the_client_goes_on_with_it_and_hears_of_it_by_its_own_name() throws IOException {
        done(client, new Parse("mine", "select '2024-01-01 00:00'::timestamptz = $1", List.of()), Sync.INSTANCE);
        forget(client);
        done(client, new Query("set timezone = 'Asia/Tokyo'"));
        for (int turn = 0; turn < 3; turn++) {
            FrontendMessage bind = new Bind("", "mine", List.of(), List.of(Value.ofText("2024-01-01 00:00+09")), List.of());
            assertThat(answer(done(client, bind, new Execute("", 0), Sync.INSTANCE))).isEqualTo(TRUE);
            forget(client);
            assertThat(ask(client, executing("mine")).getFirst()).isInstanceOfSatisfying(ErrorResponse.class,
                    error -> assertThat(error.fields().message()).isEqualTo("bind message supplies 0 parameters, but prepared statement \"mine\" requires 1"));
        }
    }
}
