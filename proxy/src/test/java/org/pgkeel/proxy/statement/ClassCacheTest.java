package org.pgkeel.proxy.statement;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.pgkeel.proxy.catalogue.Catalogue;

class ClassCacheTest {
    private static final Catalogue BUILTIN = Catalogue.builtin();

    private static ByteBuf text(String sql) {
        return Unpooled.copiedBuffer("Q...." + sql + "\0", StandardCharsets.UTF_8);
    }

    private static StatementClass classify(ClassCache cache, String sql, Dialect dialect, Catalogue catalogue) {
        ByteBuf buf = text(sql);
        return cache.classify(buf, 5, buf.writerIndex() - 1, dialect, catalogue);
    }

    @Test
    void a_text_seen_before_gives_the_same_object() {
        var cache = new ClassCache(() -> 1 << 20, () -> 1 << 10);
        StatementClass first = classify(cache, "select 1", Dialect.USUAL, BUILTIN);
        assertThat(classify(cache, "select 1", Dialect.USUAL, BUILTIN)).isSameAs(first);
        assertThat(cache.bytes()).as("the shape, and where its literal stands").isEqualTo(8 + 4);
    }

    @Test
    void dialect_and_catalogue_are_part_of_the_question() {
        var cache = new ClassCache(() -> 1 << 20, () -> 1 << 10);
        String sql = "select 'a\\' || nextval('s') --'";
        assertThat(classify(cache, sql, Dialect.USUAL, BUILTIN).isRead()).isFalse();
        assertThat(classify(cache, "select 'a\\' || 'x'", Dialect.USUAL, BUILTIN).isRead()).isTrue();
        assertThat(classify(cache, "select '\\' || nextval(''s'') --'", new Dialect(false, Characters.UTF8), BUILTIN).isRead()).isTrue();
        assertThat(classify(cache, "select '\\' || nextval(''s'') --'", Dialect.USUAL, BUILTIN).isRead()).isFalse();
        assertThat(classify(cache, "select * from t", Dialect.USUAL, BUILTIN).isRead()).isTrue();
        assertThat(classify(cache, "select * from t", Dialect.USUAL, Catalogue.unknown()).isRead()).isFalse();
        assertThat(classify(cache, "select * from t", Dialect.USUAL, BUILTIN).isRead()).isTrue();
    }

    @Test
    void what_a_node_refused_as_a_write_is_one_from_then_on() {
        var cache = new ClassCache(() -> 1 << 20, () -> 1 << 10);
        ByteBuf buf = text("select mislabelled");
        cache.learnWrite(buf, 5, buf.writerIndex() - 1, Dialect.USUAL, BUILTIN);
        assertThat(classify(cache, "select mislabelled", Dialect.USUAL, BUILTIN).access()).isEqualTo(Access.WRITE);
    }

    @Test
    void what_was_refused_as_a_write_is_one_with_other_literals_too() {
        var cache = new ClassCache(() -> 1 << 20, () -> 1 << 10);
        assertThat(classify(cache, "select mislabelled, 1", Dialect.USUAL, BUILTIN).isRead()).isTrue();
        ByteBuf buf = text("select mislabelled, 22");
        cache.learnWrite(buf, 5, buf.writerIndex() - 1, Dialect.USUAL, BUILTIN);
        assertThat(classify(cache, "select mislabelled, 1", Dialect.USUAL, BUILTIN).isRead()).isFalse();
        assertThat(classify(cache, "select mislabelled, 333", Dialect.USUAL, BUILTIN).isRead()).isFalse();
    }

    @Test
    void texts_that_begin_alike_keep_their_own_classes() {
        var cache = new ClassCache(() -> 1 << 20, () -> 1 << 10);
        for (int i = 0; i < 10; i++) {
            assertThat(classify(cache, "select * from a_long_name where a = " + i, Dialect.USUAL, BUILTIN).isRead()).isTrue();
            assertThat(classify(cache, "select * from a_long_name where a = " + i + " for update", Dialect.USUAL, BUILTIN).isRead()).isFalse();
            assertThat(classify(cache, "select * from a_long_name where a = nextval('" + i + "')", Dialect.USUAL, BUILTIN).isRead()).isFalse();
        }
    }

    @Test
    void random_texts_get_the_class_of_a_fresh_look_and_the_limit_holds() {
        long seed = Long.getLong("pgkeel.seed", System.nanoTime());
        var random = new Random(seed);
        var cache = new ClassCache(() -> 4_000, () -> 60);
        List<String> texts = new ArrayList<>();
        for (int i = 0; i < 300; i++) texts.add((random.nextBoolean() ? "select " : "delete from t where a = ") + "x".repeat(1 + random.nextInt(60)) + (random.nextBoolean() ? "" : " + ") + i);
        for (int i = 0; i < 20_000; i++) {
            String sql = texts.get(random.nextInt(texts.size()));
            assertThat(classify(cache, sql, Dialect.USUAL, BUILTIN).access()).as("seed %s: %s", seed, sql).isEqualTo(sql.startsWith("select") ? Access.READ : Access.WRITE);
            assertThat(cache.bytes()).as("seed %s", seed).isLessThanOrEqualTo(4_000);
        }
    }

    @Test
    void a_limit_that_a_reload_lowers_holds_from_the_next_text_on() {
        var limit = new AtomicLong(100_000);
        var cache = new ClassCache(limit::get, () -> 1 << 10);
        for (int i = 0; i < 100; i++) classify(cache, "select a" + "x".repeat(i), Dialect.USUAL, BUILTIN);
        assertThat(cache.bytes()).isGreaterThan(4_000);
        limit.set(1_000);
        classify(cache, "select b", Dialect.USUAL, BUILTIN);
        assertThat(cache.bytes()).isLessThanOrEqualTo(1_000);
    }
}
