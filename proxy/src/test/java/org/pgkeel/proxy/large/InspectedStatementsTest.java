package org.pgkeel.proxy.large;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.pgkeel.protocol.backend.ReadyForQuery;
import org.pgkeel.protocol.frontend.FrontendMessage;
import org.pgkeel.protocol.frontend.Parse;
import org.pgkeel.protocol.frontend.Query;
import org.pgkeel.protocol.frontend.Sync;
import org.pgkeel.proxy.postgres.SharedPostgres;
import org.pgkeel.proxy.wire.WireClient;

/// The longest texts that the proxy looks into, of shapes that would be dear if they were looked into badly: another client does not wait for minutes.
class InspectedStatementsTest {
    private static final int BYTES = (1 << 20) - 100;
    private static final int TIMES = 3;
    private static final Duration NEIGHBOUR_WAITS_AT_MOST = Duration.ofSeconds(15);

    private static ProxyProcess proxy;

    private enum Shape {
        LITERAL("select '", "x", "'"),
        QUOTES("select '", "''", "'"),
        ESCAPES("select E'", "\\\\", "'"),
        UNENDING_LITERAL("select '", "x", ""),
        DOLLARS("select 1 ", "$a", ""),
        DOLLAR_QUOTES("select ", "$a$b$c$ || ", "$a$$a$"),
        COMMENTS("select 1 ", "/*a*/", ""),
        /// Not without the spaces: the server's own lexer takes minutes for them.
        NESTED_COMMENTS("select 1 ", "/* ", ""),
        LINE_COMMENTS("select 1 ", "--\n", ""),
        PARENTHESES("select ", "(", ""),
        STATEMENTS("", "select;", ""),
        SEMICOLONS("", ";", ""),
        SETTINGS("", "set x.y=1;", "select f("),
        TRANSACTIONS("", "begin;commit;", "select f("),
        SAVEPOINTS("begin;", "savepoint a;", "select f("),
        CALLS("select ", "set_config('x.y','1',false),", "1 from"),
        IDENTIFIERS("select ", "a.", "a"),
        NUMBERS("select ", "1,", "1 from"),
        UNICODE("select '", "\u20ac", "'");

        private final String text;

        Shape(String before, String again, String after) {
            int bytes = again.getBytes(StandardCharsets.UTF_8).length;
            text = before + again.repeat((BYTES - before.length() - after.length()) / bytes) + after;
        }
    }

    @BeforeAll
    static void start() throws IOException {
        proxy = ProxyProcess.start(SharedPostgres.get());
    }

    @AfterAll
    static void end() {
        proxy.close();
    }

    @ParameterizedTest
    @EnumSource(Shape.class)
    void a_neighbour_hardly_waits(Shape shape) throws Exception {
        try (WireClient client = WireClient.ofApp(proxy.port(), Map.of())) {
            Neighbour neighbour = Neighbour.of(proxy.port());
            for (int i = 0; i < TIMES; i++) {
                ask(client, new Query(shape.text));
                ask(client, new Parse("", shape.text, List.of()), Sync.INSTANCE);
            }
            Duration slowest = neighbour.stop();
            System.out.println(shape + ": a neighbour's slowest of " + neighbour.queries() + " queries took " + slowest.toMillis() + " ms");
            assertThat(slowest).isLessThan(NEIGHBOUR_WAITS_AT_MOST);
        }
    }

    private static void ask(WireClient client, FrontendMessage... messages) throws IOException {
        client.send(messages);
        while (!(client.read() instanceof ReadyForQuery)) continue;
    }
}
