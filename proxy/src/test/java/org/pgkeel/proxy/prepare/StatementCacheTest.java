package org.pgkeel.proxy.prepare;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.pgkeel.proxy.catalogue.Catalogue;
import org.pgkeel.proxy.settings.Settings;
import org.pgkeel.proxy.statement.Access;
import org.pgkeel.proxy.statement.ClassCache;
import org.pgkeel.proxy.statement.Dialect;
import org.pgkeel.proxy.statement.Effect;

class StatementCacheTest {
    private static final ClassCache CLASSES = new ClassCache(() -> 1 << 20, () -> 1 << 10);
    private final StatementCache cache = new StatementCache(() -> 1_000_000);

    @Test
    void equal_texts_are_one_statement_wherever_they_stand() {
        var first = find(Settings.NONE, 0, "select 1");
        ByteBuf elsewhere = Unpooled.directBuffer().writeZero(13).writeBytes(parse("select 1")).writeZero(5);
        assertThat(cache.find(Settings.NONE, 0, elsewhere, 13, 13 + parse("select 1").length)).isSameAs(first);
        elsewhere.release();
        assertThat(cache.size()).isEqualTo(1);
    }

    @Test
    void a_statement_is_looked_into_once_for_each_catalogue_and_learns_that_it_writes() {
        var statement = find(Settings.NONE, 0, "select * from t");
        var known = statement.classOf(CLASSES, Dialect.USUAL, Catalogue.builtin());
        assertThat(known.isRead()).isTrue();
        assertThat(statement.classOf(CLASSES, Dialect.USUAL, Catalogue.builtin())).isSameAs(known);
        assertThat(statement.classOf(CLASSES, Dialect.USUAL, Catalogue.unknown()).isRead()).isFalse();
        statement.learnWrite(CLASSES, Dialect.USUAL, Catalogue.builtin());
        assertThat(statement.classOf(CLASSES, Dialect.USUAL, Catalogue.builtin()).isRead()).isFalse();
    }

    /// It may be bound by its name: then it does not prepare, but write.
    @Test
    void what_a_prepare_has_made_counts_as_a_write() {
        var statement = cache.findPrepare(Settings.NONE, 0, Unpooled.wrappedBuffer("prepare \u0001%s\u0001 as insert into t values (1)".getBytes(StandardCharsets.UTF_8)));
        assertThat(statement.classOf(CLASSES, Dialect.USUAL, Catalogue.builtin()).access()).isEqualTo(Access.WRITE);
    }

    @Test
    void texts_that_differ_in_one_byte_anywhere_are_two_statements() {
        byte[] text = parse("select a, b, c from some_table where id = $1");
        var whole = cache.find(Settings.NONE, 0, Unpooled.wrappedBuffer(text), 0, text.length);
        for (int i = 0; i < text.length; i++) {
            byte[] changed = text.clone();
            changed[i] ^= 1;
            assertThat(cache.find(Settings.NONE, 0, Unpooled.wrappedBuffer(changed), 0, text.length)).as("byte %s", i).isNotSameAs(whole);
        }
        assertThat(cache.find(Settings.NONE, 0, Unpooled.wrappedBuffer(text), 0, text.length - 1)).isNotSameAs(whole);
    }

    @Test
    void one_text_under_settings_that_change_its_meaning_is_another_statement() {
        var app = Settings.of(Map.of("search_path", "app"));
        var first = find(Settings.NONE, 0, "select * from t");
        var second = find(app, 0, "select * from t");
        assertThat(second).isNotSameAs(first);
        assertThat(second.name()).isNotEqualTo(first.name());
        assertThat(find(Settings.of(Map.of("search_path", "app")), 0, "select * from t")).isSameAs(second);
    }

    @Test
    void one_text_before_and_after_a_change_of_the_catalogue_are_two_statements() {
        assertThat(find(Settings.NONE, 1, "select * from t")).isNotSameAs(find(Settings.NONE, 2, "select * from t"));
        assertThat(find(Settings.NONE, 1, "select * from t").generation()).isEqualTo(1);
    }

    @Test
    void a_text_is_worth_to_be_kept_when_it_comes_again() {
        assertThat(findAgain("select 1")).isNull();
        assertThat(cache.size()).isZero();
        var kept = findAgain("select 1");
        assertThat(kept).isNotNull();
        assertThat(findAgain("select 1")).isSameAs(kept);
        assertThat(find(Settings.NONE, 0, "select 1")).isSameAs(kept);
    }

    @Test
    void a_clients_own_statement_is_found_by_nobody_else() {
        byte[] text = parse("select 1");
        var own = cache.ownOf(Settings.NONE, 0, Unpooled.wrappedBuffer(text), 0, text.length);
        assertThat(find(Settings.NONE, 0, "select 1")).isNotSameAs(own);
        assertThat(cache.size()).isEqualTo(1);
    }

    @Test
    void beyond_the_limit_all_is_forgotten_and_built_anew() {
        var small = new StatementCache(() -> 100);
        byte[] first = parse("select 1 as a_column");
        var kept = small.find(Settings.NONE, 0, Unpooled.wrappedBuffer(first), 0, first.length);
        for (int i = 0; i < 10; i++) {
            byte[] text = parse("select " + i + " as another_column");
            small.find(Settings.NONE, 0, Unpooled.wrappedBuffer(text), 0, text.length);
            assertThat(small.size()).isLessThanOrEqualTo(4);
        }
        assertThat(small.find(Settings.NONE, 0, Unpooled.wrappedBuffer(first), 0, first.length)).isNotSameAs(kept);
    }

    /// A text of a few bytes takes many times as many.
    @Test
    void short_texts_take_no_more_than_the_limit() {
        var small = new StatementCache(() -> 1 << 20);
        for (int i = 0; i < 20_000; i++) {
            byte[] text = parse("select " + i);
            small.find(Settings.NONE, 0, Unpooled.wrappedBuffer(text), 0, text.length);
            assertThat(small.size() * 200L).isLessThanOrEqualTo(1 << 20);
        }
        assertThat(small.bytes()).isLessThanOrEqualTo(1 << 20);
    }

    @Test
    void thousands_of_statements_are_found_again() {
        long seed = Long.getLong("pgkeel.seed", System.nanoTime());
        var random = new Random(seed);
        var model = new HashMap<String, SharedStatement>();
        var names = new HashSet<String>();
        for (int step = 0; step < 20_000; step++) {
            String sql = "select " + random.nextInt(4000);
            var found = find(Settings.NONE, 0, sql);
            var known = model.putIfAbsent(sql, found);
            if (known != null) assertThat(found).as("-Dpgkeel.seed=%s", seed).isSameAs(known);
            else assertThat(names.add(new String(found.name(), StandardCharsets.US_ASCII))).as("names are unique").isTrue();
        }
        assertThat(cache.size()).isEqualTo(model.size());
    }

    @Test
    void what_a_statement_does_to_the_session_is_known_from_its_text() {
        assertThat(find(Settings.NONE, 0, "select 1").effects()).isEmpty();
        assertThat(find(Settings.NONE, 0, "listen ch").effects()).hasAtLeastOneElementOfType(Effect.Listen.class);
    }

    @Test
    void a_parse_and_an_sql_prepare_of_one_text_are_two_statements() {
        ByteBuf text = Unpooled.copiedBuffer("prepare %s as select 1", StandardCharsets.US_ASCII);
        var prepared = cache.findPrepare(Settings.NONE, 0, text);
        assertThat(prepared.kind()).isEqualTo(SharedStatement.Kind.SQL_PREPARE);
        assertThat(cache.findPrepare(Settings.NONE, 0, text)).isSameAs(prepared);
        assertThat(cache.find(Settings.NONE, 0, text, 0, text.readableBytes())).isNotSameAs(prepared);
    }

    @Test
    void a_backend_forgets_what_was_used_longest_ago() {
        var backend = new BackendStatements(2);
        var a = find(Settings.NONE, 0, "select 'a'");
        var b = find(Settings.NONE, 0, "select 'b'");
        var c = find(Settings.NONE, 0, "select 'c'");
        assertThat(backend.add(a, 0)).isNull();
        assertThat(backend.add(b, 0)).isNull();
        assertThat(backend.has(a)).isTrue();
        assertThat(backend.add(c, 0)).isSameAs(b);
        assertThat(backend.has(b)).isFalse();
        assertThat(backend.has(a)).isTrue();
        assertThat(backend.size()).isEqualTo(2);
        backend.remove(a);
        assertThat(backend.has(a)).isFalse();
        backend.unnamed(c);
        backend.clear();
        assertThat(backend.size()).isZero();
        assertThat(backend.unnamed()).isNull();
    }

    private SharedStatement find(Settings meaning, int generation, String sql) {
        byte[] text = parse(sql);
        return cache.find(meaning, generation, Unpooled.wrappedBuffer(text), 0, text.length);
    }

    private SharedStatement findAgain(String sql) {
        byte[] text = parse(sql);
        return cache.findAgain(Settings.NONE, 0, Unpooled.wrappedBuffer(text), 0, text.length);
    }

    /// The body of a Parse message behind the name, without parameter types.
    private static byte[] parse(String sql) {
        return (sql + "\0\0\0").getBytes(StandardCharsets.UTF_8);
    }
}
