package org.pgkeel.proxy.large;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.pgkeel.protocol.backend.BackendMessage;
import org.pgkeel.protocol.backend.DataRow;
import org.pgkeel.protocol.backend.ErrorResponse;
import org.pgkeel.protocol.backend.ReadyForQuery;
import org.pgkeel.protocol.frontend.CopyData;
import org.pgkeel.protocol.frontend.CopyDone;
import org.pgkeel.protocol.frontend.Query;
import org.pgkeel.protocol.wire.Octets;
import org.pgkeel.proxy.postgres.PostgresFixture;
import org.pgkeel.proxy.postgres.SharedPostgres;
import org.pgkeel.proxy.wire.WireClient;

/// Rows and streams larger than all memory of the proxy pass through it, whole, while another client hardly notices.
/// `-Dpgkeel.large.mib=1000` makes them larger: PostgreSQL's own limit is just below 1 GiB.
class LargeMessagesTest {
    private static final int MIB = Integer.getInteger("pgkeel.large.mib", 256);
    /// The server's lexer doubles the buffer of a literal, up to 1 GiB.
    private static final int LITERAL_MIB_MAX = 500;
    private static final int RESIDENT_MIB_MAX = 224;
    private static final int IN_FLIGHT_MIB_MAX = 48;
    private static final Duration NEIGHBOUR_WAITS_AT_MOST = Duration.ofSeconds(10);
    private static final Duration PATIENCE = Duration.ofMinutes(5);
    /// A row of COPY: 64 KiB that tell which row it is.
    private static final int COPY_ROW_HASHES = 2_047;
    private static final int COPY_ROWS = MIB * 16;

    private final PostgresFixture postgres = SharedPostgres.get();
    private final byte[] scratch = new byte[64 * 1024];
    private ProxyProcess proxy;
    private Neighbour neighbour;
    private WireClient client;

    /// How a large value gets to the server.
    private enum Way { QUERY, BIND }

    @BeforeEach
    void start() throws Exception {
        postgres.execute("create unlogged table if not exists large_copy (i int, line text)", "truncate large_copy", "grant all on large_copy to app");
        proxy = ProxyProcess.start(postgres);
        client = WireClient.ofApp(proxy.port(), Map.of("application_name", "large"));
        client.patience(PATIENCE);
        neighbour = Neighbour.of(proxy.port());
    }

    @AfterEach
    void end() throws Exception {
        client.vanish();
        proxy.close();
    }

    @Test
    void a_row_from_the_server_arrives_whole_and_waits_for_a_client_that_does_not_read() throws Exception {
        int texts = Filler.texts(MIB);
        client.send(new Query("select repeat('" + Filler.TEXT + "', " + texts + ")"));
        awaitServerWaits("ClientWrite");

        var filler = new Filler();
        client.stream(scratch, (_, _) -> { });   // RowDescription
        var header = new AtomicLong(6);          // columns, and the length of the only one
        byte type = client.stream(scratch, (bytes, count) -> {
            int from = (int) Math.min(count, header.get());
            header.addAndGet(-from);
            filler.check(bytes, from, count);
        });

        assertThat((char) type).isEqualTo('D');
        assertThat(filler.checked()).isEqualTo((long) texts * Filler.TEXT.length());
        readToReady();
        assertBounds("row from the server", MIB);
    }

    @ParameterizedTest
    @EnumSource(Way.class)
    void a_value_for_the_server_arrives_whole(Way way) throws Exception {
        int mib = way == Way.QUERY ? Math.min(MIB, LITERAL_MIB_MAX) : MIB;
        int texts = Filler.texts(mib);
        switch (way) {
            case QUERY -> {
                sendHeader('Q', texts, "select md5('", "')\0");
                Filler.send(client, texts);
                sendText("')\0");
            }
            case BIND -> {
                sendMessage('P', "\0select md5($1)\0\0\0");
                sendHeader('B', texts, "\0\0\0\0\0\1", "\0\0");
                Filler.send(client, texts);
                sendText("\0\0");
                sendMessage('E', "\0\0\0\0\0");
                sendMessage('S', "");
            }
        }

        assertThat(readToReady()).anySatisfy(reply -> assertThat(reply).contains(HexFormat.of().formatHex(md5(texts))));
        assertBounds("value by " + way, mib);
    }

    @Test
    void copy_out_arrives_whole_and_waits_for_a_client_that_does_not_read() throws Exception {
        client.send(new Query("copy (select repeat(md5(i::text), " + COPY_ROW_HASHES + ") from generate_series(1, " + COPY_ROWS + ") i) to stdout"));
        awaitServerWaits("ClientWrite");

        var digest = MessageDigest.getInstance("MD5");
        int rows = 0;
        byte[] row = new byte[32 * COPY_ROW_HASHES + 1];
        for (byte type = 'd'; type != 'Z'; ) {
            var at = new AtomicLong();
            type = client.stream(scratch, (bytes, count) -> System.arraycopy(bytes, 0, row, (int) at.getAndAdd(count), count));
            if (type == 'd') {
                assertThat(at.get()).isEqualTo(row.length);
                String text = new String(row, StandardCharsets.US_ASCII);
                assertThat(text).isEqualTo(copyRow(digest, ++rows) + "\n");
            }
        }
        assertThat(rows).isEqualTo(COPY_ROWS);
        assertBounds("COPY to the client", MIB);
    }

    @Test
    void copy_in_arrives_whole_and_waits_for_a_server_that_does_not_read() throws Exception {
        var sent = new AtomicLong();
        var sender = new FutureTask<>(() -> {
            var digest = MessageDigest.getInstance("MD5");
            client.send(new Query("copy large_copy from stdin"));
            for (int i = 1; i <= COPY_ROWS; i++) {
                String row = i + "\t" + copyRow(digest, i) + "\n";
                client.send(new CopyData(Octets.ofText(row)));
                sent.addAndGet(row.length());
            }
            client.send(CopyDone.INSTANCE);
            return null;
        });
        try (var locker = postgres.connectAsSuperuser(PostgresFixture.DATABASE); var statement = locker.createStatement()) {
            locker.setAutoCommit(false);
            statement.execute("lock table large_copy");
            Thread.ofPlatform().name("sender").start(sender);
            awaitServerWaits("relation");
            awaitStandstill(sent);

            assertThat(sent.get() >> 20).as("MiB that the client could send to a server that does not read").isLessThan(IN_FLIGHT_MIB_MAX);
            locker.rollback();
        }
        sender.get();
        assertThat(readToReady()).anySatisfy(reply -> assertThat(reply).contains("COPY " + COPY_ROWS));

        assertThat(postgres.query("select count(distinct i) from large_copy where line = repeat(md5(i::text), " + COPY_ROW_HASHES + ")"))
                .isEqualTo(Integer.toString(COPY_ROWS));
        postgres.execute("truncate large_copy");
        assertBounds("COPY to the server", MIB);
    }

    private void assertBounds(String what, int mib) throws Exception {
        Duration slowest = neighbour.stop();
        long residentMib = proxy.residentBytesMax() >> 20;
        System.out.println(what + ", " + mib + " MiB: the proxy held " + residentMib + " MiB at most; a neighbour's slowest of " + neighbour.queries() + " queries took "
                + slowest.toMillis() + " ms");
        assertThat(residentMib).as("MiB that the proxy held").isLessThan(RESIDENT_MIB_MAX);
        assertThat(slowest).as("a neighbour's longest wait").isLessThan(NEIGHBOUR_WAITS_AT_MOST);
        assertThat(proxy.log()).doesNotContain("ERROR");
    }

    private void awaitServerWaits(String event) {
        await("the server waits: " + event).atMost(PATIENCE).until(() -> postgres.query(
                "select count(*) from pg_stat_activity where wait_event = '" + event + "' and query ~ '^(copy|select repeat)'"), "1"::equals);
    }

    private static void awaitStandstill(AtomicLong count) {
        var last = new AtomicLong(-1);
        await("nothing more can be sent").atMost(PATIENCE).pollInterval(Duration.ofSeconds(1)).until(() -> last.getAndSet(count.get()) == count.get());
    }

    /// @return the replies up to ReadyForQuery, as text
    private List<String> readToReady() throws IOException {
        var replies = new ArrayList<String>();
        for (BackendMessage reply = client.read(); !(reply instanceof ReadyForQuery); reply = client.read()) {
            if (reply instanceof ErrorResponse error) throw new AssertionError(error.toString());
            replies.add(reply instanceof DataRow(var values) && values.getFirst() instanceof Octets value ? value.text() : reply.toString());
        }
        return replies;
    }

    /// A message up to a value of so many texts, which the caller sends, and then `after`. A Bind's value is preceded by its length.
    private void sendHeader(char type, int texts, String before, String after) throws IOException {
        int value = texts * Filler.TEXT.length();
        int lengths = type == 'B' ? 4 : 0;
        var head = ByteBuffer.allocate(5 + before.length() + lengths).put((byte) type).putInt(4 + before.length() + lengths + value + after.length())
                .put(before.getBytes(StandardCharsets.US_ASCII));
        if (lengths > 0) head.putInt(value);
        client.sendRaw(head.array(), 0, head.capacity());
    }

    private void sendMessage(char type, String body) throws IOException {
        sendText(new String(ByteBuffer.allocate(5).put((byte) type).putInt(4 + body.length()).array(), StandardCharsets.ISO_8859_1) + body);
    }

    private void sendText(String text) throws IOException {
        byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
        client.sendRaw(bytes, 0, bytes.length);
    }

    private static String copyRow(MessageDigest digest, int i) {
        return HexFormat.of().formatHex(digest.digest(Integer.toString(i).getBytes(StandardCharsets.US_ASCII))).repeat(COPY_ROW_HASHES);
    }

    private static byte[] md5(int texts) throws NoSuchAlgorithmException {
        var digest = MessageDigest.getInstance("MD5");
        byte[] text = Filler.TEXT.getBytes(StandardCharsets.US_ASCII);
        for (int i = 0; i < texts; i++) digest.update(text);
        return digest.digest();
    }
}
