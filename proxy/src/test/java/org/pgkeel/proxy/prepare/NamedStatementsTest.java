package org.pgkeel.proxy.prepare;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.pgkeel.proxy.settings.Settings;

class NamedStatementsTest {
    private final NamedStatements names = new NamedStatements();

    @Test
    void names_found_are_those_that_were_put() {
        var statement = statement("select 1");
        names.put(bytes("a"), statement);
        assertThat(names.get(bytes("a"))).isSameAs(statement);
        assertThat(names.get(Unpooled.wrappedBuffer(bytes("xay")), 1, 2)).isSameAs(statement);
        assertThat(names.get(bytes("b"))).isNull();
        assertThat(names.get(Unpooled.wrappedBuffer(bytes("ab")), 0, 2)).isNull();
        assertThat(names.size()).isEqualTo(1);
    }

    @Test
    void a_name_that_is_put_again_stands_for_the_later_statement() {
        var later = statement("select 2");
        names.put(bytes("a"), statement("select 1"));
        names.put(bytes("a"), later);
        assertThat(names.get(bytes("a"))).isSameAs(later);
        assertThat(names.size()).isEqualTo(1);
    }

    @Test
    void nothing_is_left_after_clear() {
        for (int i = 0; i < 100; i++) names.put(bytes("name " + i), statement("select " + i));
        names.clear();
        assertThat(names.size()).isZero();
        assertThat(names.get(bytes("name 7"))).isNull();
        assertThat(names.remove(bytes("name 7"))).isNull();
    }

    @Test
    void random_puts_and_removes_of_colliding_names_do_what_a_hash_map_does() {
        long seed = Long.getLong("pgkeel.seed", System.nanoTime());
        var random = new Random(seed);
        // "Aa" and "BB" have one hash, and so has every word of as many of either.
        List<String> words = Stream.concat(IntStream.range(0, 32).mapToObj(NamedStatementsTest::colliding), IntStream.range(0, 60).mapToObj(i -> "s" + i)).toList();
        assertThat(words.stream().limit(32).map(word -> Arrays.hashCode(bytes(word))).distinct()).hasSize(1);
        var model = new HashMap<String, SharedStatement>();
        for (int step = 0; step < 20_000; step++) {
            String word = words.get(random.nextInt(words.size()));
            if (random.nextInt(100) < (step / 2000 % 2 == 0 ? 65 : 35)) {
                var statement = statement(word);
                names.put(bytes(word), statement);
                model.put(word, statement);
            } else {
                assertThat(names.remove(bytes(word))).as("-Dpgkeel.seed=%s, step %s", seed, step).isSameAs(model.remove(word));
            }
            String other = words.get(random.nextInt(words.size()));
            ByteBuf around = Unpooled.wrappedBuffer(bytes("x" + other + "y"));
            assertThat(names.get(around, 1, 1 + other.length())).as("-Dpgkeel.seed=%s, step %s", seed, step).isSameAs(model.get(other));
            assertThat(names.get(bytes(other))).isSameAs(model.get(other));
            assertThat(names.size()).isEqualTo(model.size());
        }
        for (String word : words) assertThat(names.get(bytes(word))).isSameAs(model.get(word));
    }

    /// Chosen to stand in one row: what a client does with its own names is not to stop the others of its event loop.
    @Test
    @Timeout(60)
    void thousands_of_colliding_names_are_removed_one_by_one() {
        var statement = statement("select 1");
        int count = 1 << 13;
        for (int i = 0; i < count; i++) names.put(bytes(colliding(i, 13)), statement);
        assertThat(names.size()).isEqualTo(count);
        for (int i = 0; i < count; i++) assertThat(names.remove(bytes(colliding(i, 13)))).isSameAs(statement);
        assertThat(names.size()).isZero();
    }

    private static String colliding(int number) {
        return colliding(number, 5);
    }

    private static String colliding(int number, int bits) {
        var word = new StringBuilder();
        for (int bit = 0; bit < bits; bit++) word.append((number >> bit & 1) == 0 ? "Aa" : "BB");
        return word.toString();
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static SharedStatement statement(String sql) {
        byte[] body = bytes(sql + "\0\0\0");
        return new StatementCache(() -> 1000).ownOf(Settings.NONE, 0, Unpooled.wrappedBuffer(body), 0, body.length);
    }
}
