package org.pgkeel.bench.equivalence;

import java.nio.ByteBuffer;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.pgkeel.bench.equivalence.Messages.Parameter;
import org.pgkeel.bench.equivalence.Profiles.Profile;
import org.pgkeel.bench.equivalence.Tables.Column;

/// Draws one client's cases from a seed.
///
/// Threading: confined to one thread.
final class CaseMaker {
    /// @param form     what kind of exchange it is
    /// @param what     for a reader: statements and parameters
    /// @param readies  how many ReadyForQuery answer it
    /// @param unstable how many columns at a row's beginning nobody can foretell
    record Case(String form, String what, byte[] messages, int readies, int unstable) {}

    private static final int ROWS_OF_CLIENT = 100_000_000;
    private static final List<String> OTHER_TYPES = List.of("text", "varchar(10)", "int2", "int4", "int8", "numeric", "float8", "date", "timestamp", "timestamptz", "json", "jsonb", "bool", "uuid", "bytea");

    private final long seed;
    private final int client;
    private final Dictionary dictionary;
    private final Function<SplittableRandom, Profile> profiles;
    private final SplittableRandom random;
    private final Map<String, String> prepared = new HashMap<>();
    private Charset charset = StandardCharsets.UTF_8;
    private boolean readOnly;
    private long number;
    private long rows;
    private int names;
    private String lastPrepared = "";

    /// @param profiles draws settings of the client's session; again and again
    CaseMaker(long seed, int client, Dictionary dictionary, Function<SplittableRandom, Profile> profiles) {
        this.seed = seed;
        this.client = client;
        this.dictionary = dictionary;
        this.profiles = profiles;
        this.random = new SplittableRandom(seed ^ client * 0xD1B54A32D192ED03L);
    }

    Case next() {
        if (number == 0 || random.nextInt(150) == 0) return settings();
        Style style = random.nextInt(100) < 88 ? Style.ofEpoch(seed, number) : Style.any(random);
        number++;
        int form = random.nextInt(100);
        if (form < 34) return extended(style, "named", 1, true, true, "");
        if (form < 46) return extended(style, "unnamed", 1, true, false, "");
        if (form < 68) return simple(style, "simple", 1, "");
        if (form < 76) return extended(style, "batch", 2 + random.nextInt(6), true, true, "");
        if (form < 84) return extended(style, "pipeline", 2 + random.nextInt(5), false, true, "");
        if (form < 86) return random.nextBoolean() ? extended(style, "returning", 1, true, random.nextBoolean(), " returning uid") : simple(style, "returning", 1, " returning uid, uid + 1 as next");
        if (form < 88) return random.nextBoolean() ? extended(style, "on-conflict", 1, true, true, conflict(style)) : simple(style, "on-conflict", 1, conflict(style));
        if (form < 90) return simple(style, "values-list", 2 + random.nextInt(4), random.nextInt(4) == 0 ? " returning uid" : "");
        if (form < 92) return statements(style);
        if (form < 94) return transaction(style);
        if (form < 97) return readBack(style);
        return unusual(style);
    }

    /// After an error: whether a statement was prepared is not known, so it is prepared again under another name.
    void failed() {
        prepared.remove(lastPrepared);
    }

    private Case settings() {
        if (number == 0) number = 1;
        Profile profile = profiles.apply(random);
        var messages = new Messages(charset).query("reset all");
        profile.sets().forEach(messages::query);
        charset = profile.charset();
        readOnly = profile.equals(Profiles.READ_ONLY);
        return new Case("settings", String.join("; ", profile.sets()), messages.bytes(), 1 + profile.sets().size(), 0);
    }

    private static String conflict(Style style) {
        return switch (style.table().name()) {
            case "keyed" -> " on conflict (k) do update set v = 'again ' || excluded.uid";
            case "events" -> " on conflict (uid) do nothing";
            default -> " on conflict do nothing";
        };
    }

    // Values

    private record Value(Column column, Optional<String> text, boolean spoilt) {}

    private List<Value> row(Style style) {
        // Whether a bad value or the session is refused first depends on how often the statement was executed.
        int bad = random.nextInt(100) < 7 && !readOnly && style.columns().size() > 1 ? random.nextInt(style.columns().size()) : -1;
        var row = new ArrayList<Value>();
        for (int i = 0; i < style.columns().size(); i++) row.add(value(style.columns().get(i), i == bad));
        return row;
    }

    private Value value(Column column, boolean bad) {
        if (column.equals(Tables.UID)) return new Value(column, Optional.of(Long.toString((long) client * ROWS_OF_CLIENT + rows++)), false);
        if (random.nextInt(25) == 0) return new Value(column, Optional.empty(), false);
        Pools.Pool pool = Pools.of(column.type());
        List<String> from = bad && !pool.bad().isEmpty() && !isOfClient(column) ? pool.bad() : column.values().isEmpty() ? pool.good() : column.values();
        return new Value(column, Optional.of(from.get(random.nextInt(from.size())).replace("#", Integer.toString(client + 1))), bad);
    }

    /// Its values meet no other client's: a bad one such as 1.2 would become another's key, and who comes first is up to the machine.
    private static boolean isOfClient(Column column) {
        return column.values().stream().anyMatch(value -> value.contains("#"));
    }

    private String literals(Style style) {
        boolean odd = random.nextInt(12) == 0;
        return row(style).stream().map(v -> {
            if (random.nextInt(120) == 0 && !v.column.equals(Tables.UID)) return "default";
            Literals.Writing writing = odd && random.nextInt(3) == 0 && !v.column.equals(Tables.UID) ? Literals.Writing.ODD : style.writing();
            return v.text.map(text -> Literals.of(text, v.column.type(), writing, random)).orElse(writing == Literals.Writing.PARENTHESIZED ? "(NULL)" : "null");
        }).collect(Collectors.joining(", ", "(", ")"));
    }

    private Parameter parameter(Value value, int type, String typeName, Style style) {
        if (value.text.isEmpty()) return new Parameter(true, new byte[0], random.nextBoolean());
        String text = value.text.get();
        boolean binary = switch (style.formats()) {
            case TEXT -> false;
            case BINARY -> true;
            case MIXED -> random.nextBoolean();
        };
        if (binary && typeName.equals(value.column.type())) {
            Optional<byte[]> encoded = value.column.equals(Tables.UID) ? Optional.of(ByteBuffer.allocate(Long.BYTES).putLong(Long.parseLong(text)).array()) : dictionary.binary(typeName, text);
            if (encoded.isPresent()) return new Parameter(false, value.spoilt || maySpoil(300) ? spoil(encoded.get()) : encoded.get(), true);
        }
        byte[] encoded = text.getBytes(charset);
        return new Parameter(false, maySpoil(1_000) && !isOfClient(value.column) ? spoil(encoded) : encoded, false);
    }

    /// As with bad values, see [#row].
    private boolean maySpoil(int oneIn) {
        return random.nextInt(oneIn) == 0 && !readOnly;
    }

    private byte[] spoil(byte[] value) {
        byte[] spoilt = java.util.Arrays.copyOf(value, Math.max(0, value.length + random.nextInt(3) - 1));
        if (spoilt.length > 0 && spoilt.length == value.length) spoilt[random.nextInt(spoilt.length)] = (byte) (random.nextBoolean() ? 0 : 0xff);
        return spoilt;
    }

    // Exchanges

    private Case extended(Style style, String form, int rowCount, boolean oneSync, boolean named, String tail) {
        String sql = style.head() + IntStream.rangeClosed(1, style.columns().size()).mapToObj(i -> "$" + i).collect(Collectors.joining(", ", "(", ")")) + tail;
        var hash = new SplittableRandom(sql.hashCode() * 31L + style.declaration().ordinal());
        var types = new ArrayList<String>();
        int[] oids = new int[style.columns().size()];
        for (int i = 0; i < oids.length; i++) {
            Column column = style.columns().get(i);
            // What is cast to the column's type may not fit: as with bad values.
            boolean other = style.declaration() == Style.Declaration.OTHER && !readOnly && hash.nextInt(column.equals(Tables.UID) ? 12 : 4) == 0;
            types.add(other ? OTHER_TYPES.get(hash.nextInt(OTHER_TYPES.size())) : column.type());
            oids[i] = style.declaration() == Style.Declaration.UNKNOWN ? 0 : dictionary.oid(types.get(i));
        }
        var messages = new Messages(charset);
        String name = "";
        if (named) {
            lastPrepared = sql + java.util.Arrays.toString(oids);
            String known = prepared.get(lastPrepared);
            name = known == null ? "s" + names++ : known;
            if (known == null) {
                messages.parse(name, sql, oids);
                if (random.nextBoolean()) messages.describeStatement(name);
                prepared.put(lastPrepared, name);
            }
        }
        var what = new StringBuilder(sql).append(" types ").append(java.util.Arrays.toString(oids)).append(named ? " as " + name : "");
        for (int i = 0; i < rowCount; i++) {
            if (!named) messages.parse("", sql, oids);
            var parameters = new ArrayList<Parameter>();
            List<Value> row = row(style);
            for (int p = 0; p < row.size(); p++) parameters.add(parameter(row.get(p), oids[p], types.get(p), style));
            messages.bind(name, parameters, tail.isEmpty() ? 0 : random.nextInt(2));
            if (random.nextInt(4) == 0 || !named) messages.describePortal();
            messages.execute(random.nextInt(3) == 0 ? 1 : 0);
            if (!oneSync || i == rowCount - 1) messages.sync();
            what.append("\n    ").append(row.stream().map(v -> v.text.map(t -> t.length() > 60 ? t.substring(0, 60) + "..." : t).orElse("NULL")).collect(Collectors.joining(" | ")))
                    .append("  formats ").append(parameters.stream().map(p -> p.binary() ? "b" : "t").collect(Collectors.joining()));
        }
        return new Case(form, what.toString(), messages.bytes(), oneSync ? 1 : rowCount, style.table().volatileColumns().size());
    }

    private Case simple(Style style, String form, int rowCount, String tail) {
        String values = IntStream.range(0, rowCount).mapToObj(_ -> literals(style)).collect(Collectors.joining(", "));
        return query(form, style, style.head() + values + tail + (random.nextInt(5) == 0 ? ";" : ""));
    }

    private Case query(String form, Style style, String sql) {
        return new Case(form, sql, new Messages(charset).query(sql).bytes(), 1, style.table().volatileColumns().size());
    }

    private Case statements(Style style) {
        return query("statements", style, IntStream.range(0, 2 + random.nextInt(2)).mapToObj(_ -> style.head() + literals(style)).collect(Collectors.joining("; ")));
    }

    private Case transaction(Style style) {
        var statements = new ArrayList<String>();
        statements.add("begin");
        for (int i = random.nextInt(3); i >= 0; i--) statements.add(style.head() + literals(style));
        statements.add(random.nextInt(4) == 0 ? "rollback" : "commit");
        var messages = new Messages(charset);
        statements.forEach(messages::query);
        return new Case("transaction", String.join(" / ", statements), messages.bytes(), statements.size(), style.table().volatileColumns().size());
    }

    /// What a client has been told is stored, it sees.
    private Case readBack(Style style) {
        if (style.table().name().equals("forbidden")) return simple(style, "simple", 1, "");
        long from = (long) client * ROWS_OF_CLIENT + Math.max(0, rows - 10);
        return query("read-back", style, "select uid from " + style.table().name() + " where uid between " + from + " and " + ((long) client * ROWS_OF_CLIENT + rows) + " order by uid");
    }

    private Case unusual(Style style) {
        String name = style.table().name();
        String literals = literals(style);
        return query("unusual", style, switch (random.nextInt(11)) {
            case 0 -> style.head() + literals + ", ";
            case 1 -> "insert into " + name + " (uid, nothing) values (1, 2)";
            case 2 -> "insert into " + name + " (uid, uid) values (1, 2)";
            case 3 -> "insert into no_such_table values " + literals;
            case 4 -> "insert into " + name + " default values";
            case 5 -> "insert into " + name + " (uid) select " + ((long) client * ROWS_OF_CLIENT + rows++);
            case 6 -> "with x as (select 1) " + style.head() + literals;
            case 7 -> "insert into " + name + " as t (uid) values (" + ((long) client * ROWS_OF_CLIENT + rows++) + ") returning t.uid + 1 as next";
            case 8 -> "insert into " + name + " (uid) overriding system value values (" + ((long) client * ROWS_OF_CLIENT + rows++) + ")";
            case 9 -> style.head() + literals.substring(0, literals.length() - 1) + ", 1)";
            default -> "explain (costs off) " + style.head() + literals;
        });
    }
}
