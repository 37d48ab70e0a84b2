package org.pgkeel.proxy.wire;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.pgkeel.protocol.backend.BackendMessage;
import org.pgkeel.protocol.backend.CommandComplete;
import org.pgkeel.protocol.backend.DataRow;
import org.pgkeel.protocol.backend.ErrorResponse;
import org.pgkeel.protocol.backend.ReadyForQuery;
import org.pgkeel.protocol.frontend.Query;
import org.pgkeel.proxy.postgres.PostgresFixture;
import org.pgkeel.proxy.postgres.SharedPostgres;

/// A client whose broken message is understood only when it has got the backend that another client gives back.
class BrokenWaiterTest {
    private static final byte[] EMPTY_QUERY_THEN_NO_MESSAGE = "Q\0\0\0\5\0~\0\0\0\4".getBytes(StandardCharsets.ISO_8859_1);

    private final PostgresFixture postgres = SharedPostgres.get();

    @Test
    void the_client_that_gave_the_backend_back_has_its_replies_and_goes_on() throws IOException {
        try (var proxy = TestProxy.start(postgres, 1, "runtime.event-loops = 1"); WireClient first = client(proxy); WireClient broken = client(proxy)) {
            ask(first, "begin");
            broken.sendRaw(EMPTY_QUERY_THEN_NO_MESSAGE, 0, EMPTY_QUERY_THEN_NO_MESSAGE.length);
            // The broken client's bytes are read before these are, by the same loop.
            ask(first, "select 1");

            assertThat(ask(first, "commit")).hasAtLeastOneElementOfType(CommandComplete.class);
            assertThat(readUntilError(broken).toString()).contains("08P01");
            assertThat(ask(first, "select 1")).hasAtLeastOneElementOfType(DataRow.class);
        }
    }

    private static List<BackendMessage> ask(WireClient client, String sql) throws IOException {
        client.send(new Query(sql));
        var replies = new ArrayList<BackendMessage>();
        do replies.add(client.read());
        while (!(replies.getLast() instanceof ReadyForQuery));
        return replies;
    }

    private static ErrorResponse readUntilError(WireClient client) throws IOException {
        while (true) {
            if (client.read() instanceof ErrorResponse error) return error;
        }
    }

    private static WireClient client(TestProxy proxy) throws IOException {
        return new WireClient(proxy.address(), PostgresFixture.APP_USER, PostgresFixture.APP_PASSWORD,
                new LinkedHashMap<>(Map.of("database", PostgresFixture.DATABASE)), Splitting.whole());
    }
}
