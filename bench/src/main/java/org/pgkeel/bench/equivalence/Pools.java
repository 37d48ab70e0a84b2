package org.pgkeel.bench.equivalence;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Values of each type as text, those that PostgreSQL takes and those that it refuses.
final class Pools {
    /// @param good accepted, in some settings at least
    /// @param bad  refused in most settings
    record Pool(List<String> good, List<String> bad) {}

    private static final String LONG = "long text ".repeat(900);
    private static final Map<String, Pool> POOLS = new HashMap<>();

    static {
        add("int2", List.of("0", "1", "-1", "32767", "-32768", " 12 "), List.of("32768", "1.5", "x", "", "1e3"));
        add("int4", List.of("0", "1", "-7", "2147483647", "42", " 8"), List.of("2147483648", "1.0", "abc", "", "0x1F", "1_000"));
        add("int8", List.of("0", "-1", "9223372036854775807", "1234567890123"), List.of("9223372036854775808", "1.2", "", "٣"));
        add("numeric", List.of("0", "1.10", "-0.00", "1e3", "NaN", "123456789012345678901234567890.123456789", "Infinity"), List.of("1,5", "", "1.2.3", "1e200000"));
        add("numeric(5,2)", List.of("0", "1.005", "-999.994", "12.3456"), List.of("1000", "999.995", "x", "1e-20000"));
        add("float4", List.of("0", "1.5", "-1e10", "NaN", "Infinity", "0.1"), List.of("1e50", "x", "1e-60"));
        add("float8", List.of("0", "1.1", "-Infinity", "1e300", "0.30000000000000004"), List.of("1e400", "x", ""));
        add("money", List.of("1.5", "$2,000.00", "-3"), List.of("x", "1e3"));
        add("oid", List.of("0", "4294967295", "1"), List.of("4294967296", "x"));
        add("text", List.of("", "abc", "a'b", "a\\b", "tab\there", "line\nbreak", "cr\rlf\r\n", "\\N", "\\.", "a\n\\.\nb", "ünïcödé", "日本", "😀", "COPY t, line 3", "null", LONG, "\\x41", "\\101"), List.of());
        add("varchar(50)", List.of("page_view", "order", "x".repeat(50), "y".repeat(48) + "     ", "", "\\N"), List.of("z".repeat(51)));
        add("varchar(10)", List.of("", "abc", "1234567890", "12345     \t ".substring(0, 10), "1234567890   ", "ééééé"), List.of("12345678901", "a\nCOPY texts, line 1"));
        add("char(5)", List.of("", "ab", "abcde", "ab   ", "abcde  "), List.of("abcdef"));
        add("name", List.of("abc", "n".repeat(70), ""), List.of());
        add("\"char\"", List.of("a", "", "abc", "\\101"), List.of());
        add("bytea", List.of("", "\\x00ff", "abc", "a\\000b", "\\\\"), List.of("\\x0", "\\xzz", "\\9"));
        add("bit(4)", List.of("1010", "B0011", "xF"), List.of("101", "10101", "2222"));
        add("varbit(6)", List.of("", "101", "111111"), List.of("1111111", "abc"));
        add("date", List.of("2026-01-15", "infinity", "epoch", "0044-03-15 BC", "Jan 5 2026", "01/02/2026", "15.01.2026"), List.of("2026-02-30", "x", "", "13/13/2026", "99999999-01-01"));
        add("time", List.of("12:34:56.789", "24:00:00", "04:05 PM"), List.of("25:00", "x"));
        add("timetz", List.of("12:34:56+02", "12:00:00-05:30"), List.of("25:00+00", "x"));
        add("timestamp", List.of("2026-01-15 12:34:56.789012", "infinity", "2026-01-15T00:00:00Z", "01/02/2026 03:04"), List.of("2026-13-01 00:00", "x", "2026-01-15 25:00"));
        add("timestamptz", List.of("2026-01-15 12:34:56+00", "2026-07-01 00:00:00.123456", "-infinity", "2026-01-15 12:00 America/New_York", "2026-03-08 02:30"), List.of("2026-01-15 00:00 Nowhere/None", "yesterday-ish", "2026-01-15 12:00+99"));
        add("timestamptz(0)", List.of("2026-01-15 12:34:56.5+00", "2026-01-15 12:34:56.499+00"), List.of("x"));
        add("interval", List.of("1 day", "P1Y2M3DT4H5M6S", "-00:01", "1 year 2 mons", "1.5 days"), List.of("1 fortnightish", "x", "999999999999 years"));
        add("interval hour", List.of("5", "1 day 02:03:04", "P1DT2H3M"), List.of("x"));
        add("inet", List.of("10.0.0.1", "::1/64", "192.168.0.0/24"), List.of("10.0.0", "300.1.1.1", "x"));
        add("cidr", List.of("10.0.0.0/8", "::/0"), List.of("10.0.0.1/8", "x"));
        add("macaddr", List.of("08:00:2b:01:02:03", "08002b010203"), List.of("08:00", "x"));
        add("macaddr8", List.of("08:00:2b:01:02:03:04:05", "08:00:2b:01:02:03"), List.of("x"));
        add("uuid", List.of("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "{A0EEBC999C0B4EF8BB6D6BB9BD380A11}"), List.of("a0eebc99", "", "x"));
        add("pg_lsn", List.of("0/0", "16/B374D848"), List.of("x", "1"));
        add("bool", List.of("t", "false", "yes", "0", " on "), List.of("maybe", "", "2"));
        add("json", List.of("{\"b\": 1, \"a\":  [1,2 ]}", "null", "\"\\u0000\"", "1", "{\"a\":1,\"a\":2}", "\"tab\\t\""), List.of("{", "", "{'a':1}", "\"a\nb\""));
        add("jsonb", List.of("{\"b\": 1, \"a\": [1,2]}", "{\"page\": \"/x\", \"ms\": 12.50}", "null", "[]", "{\"a\":1,\"a\":2}", "\"a\\nb\\\\c\""), List.of("{", "\"\\u0000\"", "[1,]", "{\"a\": tru}"));
        add("jsonpath", List.of("$.a[*] ? (@ > 1)", "strict $"), List.of("$.", "x y"));
        add("tsvector", List.of("a:1 b:2A", "'it''s'", ""), List.of("a:-1 'b"));
        add("tsquery", List.of("a & !b", "c:*"), List.of("a &", "("));
        add("xml", List.of("<a>1</a>", "<a/><b/>", "text &amp; more", "<?xml version=\"1.0\"?><a/>"), List.of("<a>", "&x;"));
        add("point", List.of("(1,2)", "1.5,-2"), List.of("(1)", "x"));
        add("line", List.of("{1,2,3}", "[(0,0),(1,1)]"), List.of("{0,0,1}", "x"));
        add("lseg", List.of("[(0,0),(1,1)]"), List.of("x"));
        add("box", List.of("(1,1),(0,0)"), List.of("(1,1)"));
        add("path", List.of("[(0,0),(1,1)]", "((0,0),(1,1))"), List.of("x"));
        add("polygon", List.of("((0,0),(1,1),(1,0))"), List.of("x"));
        add("circle", List.of("<(0,0),1>"), List.of("<(0,0),-1>"));
        add("int4[]", List.of("{}", "{1,2,NULL}", "{{1,2},{3,4}}", "[0:1]={5,6}"), List.of("{1,2", "{1,{2}}", "{x}", "1"));
        add("text[]", List.of("{}", "{a,\"b c\",\"quo\\\"te\",\"back\\\\slash\"}", "{NULL,\"NULL\",null}", "{\"line\nbreak\",\"tab\there\"}"), List.of("{a", "a"));
        add("numeric[]", List.of("{1.10,NaN}"), List.of("{x}"));
        add("numeric(5,2)[]", List.of("{1.005,NULL,NaN}", "{1e-3}", "{}"), List.of("{1000}", "{1e-20000}"));
        add("varchar(3)[]", List.of("{abc,\"d     \"}"), List.of("{abcd}"));
        add("interval hour[]", List.of("{5}", "{\"1 day 02:03:04\",NULL}"), List.of("{x}"));
        add("uuid[]", List.of("{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}"), List.of("{1}"));
        add("jsonb[]", List.of("{\"{\\\"a\\\": 1}\",null}"), List.of("{\"{\"}"));
        add("timestamptz[]", List.of("{\"2026-01-15 12:34:56+00\",infinity}"), List.of("{x}"));
        add("bool[]", List.of("{t,f,NULL}"), List.of("{2}"));
        add("int4range", List.of("[1,5)", "(1,5]", "empty", "(,)"), List.of("[5,1)", "x"));
        add("numrange", List.of("[1.5,2.5]", "empty"), List.of("[2,1]"));
        add("tstzrange", List.of("[2026-01-01 00:00+00,2026-01-02 00:00+00)", "(,infinity)"), List.of("[2026-01-02,2026-01-01)"));
        add("daterange", List.of("[2026-01-01,2026-01-05]"), List.of("[x,y]"));
        add("price_range", List.of("[1.10,2.20)", "empty"), List.of("[2,1)"));
        add("int4multirange", List.of("{}", "{[1,2),[5,7)}"), List.of("{[2,1)}", "x"));
        add("mood", List.of("sad", "ok", "happy", "it's complicated"), List.of("angry", ""));
        add("positive", List.of("1", "42"), List.of("0", "-5", "x"));
        add("email", List.of("a@b", "someone@example.org"), List.of("nobody", ""));
        add("short_name", List.of("abc", "12345678", "12345678  "), List.of("123456789"));
        add("address", List.of("(\"Main St, 1\",12345,\"(1,2)\")", "(,,)"), List.of("(a)", "(a,b,c)", "x"));
        add("mood[]", List.of("{sad,ok}", "{}"), List.of("{angry}"));
        add("address[]", List.of("{\"(\\\"a b\\\",1,)\"}"), List.of("{x}"));
        add("int8range", List.of("[1,5)"), List.of("[5,1)"));
    }

    private Pools() {}

    private static void add(String type, List<String> good, List<String> bad) {
        POOLS.put(type, new Pool(good, bad));
    }

    static Pool of(String type) {
        Pool pool = POOLS.get(type);
        if (pool == null) throw new IllegalArgumentException("no values of type " + type);
        return pool;
    }

    static Iterable<String> types() {
        return POOLS.keySet();
    }
}
