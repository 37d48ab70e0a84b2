package org.pgkeel.proxy.catalogue;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.pgkeel.proxy.postgres.PostgresFixture;
import org.pgkeel.proxy.postgres.SharedPostgres;
import org.pgkeel.proxy.statement.Characters;
import org.pgkeel.proxy.statement.ClassCache;
import org.pgkeel.proxy.statement.Dialect;

/// Random queries with a call that writes in an odd place: in a comment, a string, behind one, under another spelling. A server
/// says whether the call is alive; where it is, the classifier must not call the query a read. Replay with `-Dpgkeel.seed`.
class HiddenWriteTest {
    private static final int QUERIES = 3_000;
    private static final String DATABASE = "hidden_write";
    /// What the function raises when it is called.
    private static final String CALLED = "HW001";
    private static final List<String> SPELLINGS = List.of("hidden_write", "Hidden_Write", "\"hidden_write\"", "U&\"hidden\\005fwrite\"", "u&\"hidden!005fwrite\" uescape '!'",
            "public.hidden_write", "public . \"hidden_write\"", "public/**/./* ' */hidden_write");
    private static final List<String> QUOTES = List.of("'", "''", "\\'", "\\", "\"", "$$", "$a$", "$b$", "--", "/*", "*/", "\n", "E'", "e'\\'", "U&'", "b'", "N'", ";", "$1$", "$", "' '", "'\n'", "'--\n'", "' --x\n'", "||", "-", "+-", "*", "/", ",", "1e", "1_0", "0x1f");

    private final long seed = Long.getLong("pgkeel.seed", System.nanoTime());
    private final Random random = new Random(seed);

    @Test
    void a_call_that_the_server_makes_is_always_seen() throws SQLException {
        PostgresFixture postgres = SharedPostgres.get();
        postgres.executeIn("postgres", "drop database if exists " + DATABASE, "create database " + DATABASE);
        postgres.executeIn(DATABASE, "create function hidden_write() returns text language plpgsql as $$begin raise exception 'called' using errcode = '" + CALLED + "'; end$$",
                "create table t (a text, b text)", "insert into t values ('x', 'y')");
        int alive = 0;
        int reads = 0;
        try (Connection connection = postgres.connectAsSuperuser(DATABASE)) {
            Catalogue catalogue = CatalogueQueryTest.fetch(connection);
            try (Statement statement = connection.createStatement()) {
                statement.setEscapeProcessing(false);
                ClassCache classes = new ClassCache(() -> 64 << 20, () -> 64 << 10);
                statement.execute("set search_path = public");
                for (int i = 0; i < QUERIES; i++) {
                    boolean standard = random.nextInt(4) > 0;
                    statement.execute("set standard_conforming_strings = " + standard);
                    String sql = query();
                    ByteBuf bytes = Unpooled.copiedBuffer(sql, StandardCharsets.UTF_8);
                    boolean read = classes.classify(bytes, 0, bytes.writerIndex(), new Dialect(standard, Characters.UTF8), catalogue).isRead();
                    boolean called = run(statement, sql).equals(CALLED);
                    if (called) assertThat(read).as("-Dpgkeel.seed=%s: %s", seed, sql).isFalse();
                    alive += called ? 1 : 0;
                    reads += read ? 1 : 0;
                }
            }
        } finally {
            postgres.executeIn("postgres", "drop database " + DATABASE);
        }
        assertThat(alive).as("queries whose call was made").isGreaterThan(QUERIES / 20);
        assertThat(reads).as("queries that were called reads").isGreaterThan(QUERIES / 20);
    }

    private static String run(Statement statement, String sql) {
        try {
            statement.execute(sql);
            return "";
        } catch (SQLException e) {
            return String.valueOf(e.getSQLState());
        }
    }

    private String query() {
        String inner = switch (random.nextInt(9)) {
            case 0 -> "select " + items() + " from t";
            case 1 -> "with x(a) as (select " + item() + ") select * from x";
            case 2 -> "select (select " + item() + ") from t order by 1, " + item();
            case 3 -> "values (" + item() + ")";
            case 4 -> "select distinct on (a) " + items() + " from t";
            case 5 -> "select case when a = 'x' then " + item() + " end from t x(a, b)";
            case 6 -> "select * from t where a <> " + item() + " and b is distinct from " + item();
            case 7 -> "select array[" + item() + "]::text[], row(" + item() + ") from (values (1)) v(a)";
            default -> "explain (analyze, costs off) select " + items() + " from t";
        };
        return (random.nextInt(5) == 0 ? noise() : "") + inner;
    }

    private String items() {
        StringBuilder items = new StringBuilder(item());
        for (int i = random.nextInt(3); i > 0; i--) items.append(", ").append(item());
        return items.toString();
    }

    private String item() {
        return switch (random.nextInt(12)) {
            case 0 -> call();
            case 1 -> "'" + quoted() + "'";
            case 2 -> "E'" + quoted() + "'";
            case 3 -> "$a$" + quoted() + "$a$";
            case 4 -> "'x'" + space() + "'" + quoted() + "'";
            case 5 -> "lower(" + item() + ")";
            case 6 -> "a" + space() + "|| " + item();
            case 7 -> "/* " + quoted() + " */ a";
            case 8 -> "a -- " + quoted() + "\n";
            case 9 -> "1" + QUOTES.get(random.nextInt(QUOTES.size())) + "2";
            case 10 -> "E'a'" + space() + "'" + quoted() + "'";
            default -> "\"a\"" + noise();
        };
    }

    /// Text for the inside of quotes, which may end them.
    private String quoted() {
        StringBuilder text = new StringBuilder();
        for (int i = random.nextInt(5); i > 0; i--) text.append(QUOTES.get(random.nextInt(QUOTES.size())));
        if (random.nextInt(2) == 0) text.append("|| ").append(call()).append(random.nextBoolean() ? " ||" : " --");
        for (int i = random.nextInt(3); i > 0; i--) text.append(QUOTES.get(random.nextInt(QUOTES.size())));
        return text.toString();
    }

    private String call() {
        return SPELLINGS.get(random.nextInt(SPELLINGS.size())) + space() + "(" + space() + ")";
    }

    private String space() {
        return List.of("", " ", "\n", " -- '\n", "/* ' */", " /* /* \" */ */ ", "\t\f", " --\n --\n").get(random.nextInt(8));
    }

    private String noise() {
        return random.nextInt(3) == 0 ? QUOTES.get(random.nextInt(QUOTES.size())) : space();
    }
}
