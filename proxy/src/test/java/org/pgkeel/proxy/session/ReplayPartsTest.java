package org.pgkeel.proxy.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.pgkeel.proxy.catalogue.Catalogue;
import org.pgkeel.proxy.prepare.SharedStatement;
import org.pgkeel.proxy.prepare.StatementCache;
import org.pgkeel.proxy.settings.Settings;
import org.pgkeel.proxy.statement.Classifier;
import org.pgkeel.proxy.statement.Dialect;
import org.pgkeel.proxy.statement.StatementClass;
import org.pgkeel.proxy.statement.StatementKind;

/// What a lost batch is read, answered and taken back with: [BatchReader], [CommitReplies], [NamesJournal].
class ReplayPartsTest {
    // --- messages, as a client sends them

    private static byte[] messages(Object... typesAndBodies) {
        ByteBuf out = Unpooled.buffer();
        for (int i = 0; i < typesAndBodies.length; i += 2) {
            byte[] body = ((String) typesAndBodies[i + 1]).getBytes(StandardCharsets.ISO_8859_1);
            out.writeByte((char) typesAndBodies[i]).writeInt(body.length + 4).writeBytes(body);
        }
        var bytes = new byte[out.readableBytes()];
        out.readBytes(bytes);
        return bytes;
    }

    private static final String ANY = "\0\0";

    private static byte[] extended(String sql) {
        return messages('P', "\0" + sql + "\0" + ANY, 'B', "\0\0" + ANY + ANY + ANY, 'D', "P\0", 'E', "\0\0\0\0\0", 'S', "");
    }

    // --- BatchReader

    private static BatchContents read(byte[] messages, Map<String, String> prepared) {
        return BatchReader.read(messages, messages.length, ReplayPartsTest::classOf, name -> prepared.containsKey(name) ? classOf(prepared.get(name)) : StatementClass.UNREAD);
    }

    private static StatementClass classOf(String sql) {
        return Classifier.classify(sql, Dialect.USUAL, Catalogue.builtin());
    }

    @Test
    void a_batch_is_what_it_executes() {
        BatchContents query = read(messages('Q', "insert into t values (1)\0"), Map.of());
        assertThat(query.executes()).isTrue();
        assertThat(query.onlyReads()).isFalse();
        assertThat(query.complete()).isTrue();
        assertThat(query.has(StatementKind.DATA)).isTrue();
        BatchContents commit = read(extended("commit"), Map.of());
        assertThat(commit.has(StatementKind.COMMIT)).isTrue();
        assertThat(commit.complete()).isTrue();
    }

    @Test
    void what_is_only_prepared_is_not_executed() {
        BatchContents prepared = read(messages('P', "s\0delete from t\0" + ANY, 'D', "Ss\0", 'S', ""), Map.of());
        assertThat(prepared.executes()).isFalse();
        assertThat(prepared.complete()).isTrue();
    }

    @Test
    void a_name_means_what_it_was_prepared_as_in_the_batch_or_before_it() {
        byte[] bound = messages('B', "\0s\0" + ANY + ANY + ANY, 'E', "\0\0\0\0\0");
        assertThat(read(bound, Map.of("s", "commit")).has(StatementKind.COMMIT)).isTrue();
        assertThat(read(bound, Map.of("s", "commit")).complete()).as("no Sync").isFalse();
        assertThat(read(bound, Map.of()).onlyReads()).as("nobody knows the name").isFalse();
        byte[] both = messages('P', "s\0rollback\0" + ANY, 'B', "\0s\0" + ANY + ANY + ANY, 'E', "\0\0\0\0\0", 'S', "");
        assertThat(read(both, Map.of("s", "commit")).has(StatementKind.COMMIT)).isFalse();
    }

    @Test
    void a_portal_of_an_earlier_batch_may_be_anything() {
        assertThat(read(messages('E', "p\0\0\0\0\0", 'S', ""), Map.of()).onlyReads()).isFalse();
    }

    // --- CommitReplies

    /// Types of the messages that are written; null if a commit's own reply is not all that is missing.
    private static @Nullable String replies(byte[] batch, int received) {
        ByteBuf out = Unpooled.buffer();
        if (!CommitReplies.write(batch, batch.length, received, "COMMIT", out)) return null;
        var types = new StringBuilder();
        while (out.isReadable()) {
            types.append((char) out.readByte());
            out.skipBytes(out.readInt() - 4);
        }
        return types.toString();
    }

    @Test
    void what_is_missing_of_a_commit_is_written_and_no_more() {
        assertThat(replies(messages('Q', "commit\0"), 0)).isEqualTo("C");
        assertThat(replies(messages('Q', "commit\0"), 1)).isEmpty();
        byte[] commit = extended("commit");
        assertThat(replies(commit, 0)).isEqualTo("12nC");
        assertThat(replies(commit, 1)).isEqualTo("2nC");
        assertThat(replies(commit, 3)).isEqualTo("C");
        assertThat(replies(commit, 4)).isEmpty();
        assertThat(replies(messages('P', "s\0commit\0" + ANY, 'D', "Ss\0", 'C', "Sx\0", 'S', ""), 0)).isEqualTo("1tn3");
        assertThat(replies(messages('P', "s\0commit\0" + ANY, 'D', "Ss\0", 'C', "Sx\0", 'S', ""), 2)).isEqualTo("n3");
    }

    @Test
    void results_of_other_statements_cannot_be_made_up() {
        byte[] two = messages('E', "\0\0\0\0\0", 'E', "\0\0\0\0\0", 'S', "");
        assertThat(replies(two, 0)).isNull();
        assertThat(replies(two, 1)).isEqualTo("C");
    }

    // --- NamesJournal

    /// Names change, batches are answered, the backend is lost: what is left is as if the unanswered batches had never been.
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    void names_are_what_they_were_before_the_batches_that_are_not_answered(long seed) {
        var random = new SplittableRandom(seed);
        var journal = new NamesJournal();
        var names = new HashMap<String, Integer>();
        List<Map<String, Integer>> beforeBatch = new ArrayList<>(List.of(Map.of()));   // states before batch number i
        int answered = 0;
        for (int step = 0; step < 5_000; step++) {
            int open = beforeBatch.size() - 1;
            switch (random.nextInt(6)) {
                case 0, 1, 2 -> {
                    String name = "n" + random.nextInt(4);
                    journal.changes(open, name.getBytes(StandardCharsets.US_ASCII), statement(names.get(name)));
                    if (random.nextInt(3) == 0) names.remove(name);
                    else names.put(name, random.nextInt(STATEMENTS.size()));
                }
                case 3 -> beforeBatch.add(new LinkedHashMap<>(names));
                case 4 -> {
                    if (answered < open) journal.answered(++answered);
                }
                default -> {
                    if (random.nextInt(10) != 0) continue;
                    journal.undo((name, statement) -> {
                        String text = new String(name, StandardCharsets.US_ASCII);
                        if (statement == null) names.remove(text);
                        else names.put(text, STATEMENTS.indexOf(statement));
                    });
                    assertThat(names).as("seed %d, step %d", seed, step).isEqualTo(beforeBatch.get(answered));
                    while (beforeBatch.size() - 1 > answered) beforeBatch.removeLast();
                }
            }
        }
    }

    private static final List<SharedStatement> STATEMENTS = IntStream.range(0, 5).mapToObj(i -> {
        byte[] body = ("select " + i + "\0" + ANY).getBytes(StandardCharsets.US_ASCII);
        return new StatementCache(() -> 1000).ownOf(Settings.NONE, 0, Unpooled.wrappedBuffer(body), 0, body.length);
    }).toList();

    private static @Nullable SharedStatement statement(@Nullable Integer index) {
        return index == null ? null : STATEMENTS.get(index);
    }
}
