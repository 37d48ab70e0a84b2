package org.pgkeel.bench.fuzz;

import java.util.List;
import java.util.SplittableRandom;

/// Messages as a well-behaved client sends them; what is thrown is mostly one of these with something wrong.
/// <https://www.postgresql.org/docs/current/protocol-message-formats.html>
final class ValidMessages {
    private static final List<String> STATEMENTS = List.of(
            "select 1", "", ";", "begin", "commit", "rollback", "select 1/0", "savepoint a", "rollback to a", "selec", "select $1",
            "select repeat('x', 3000)", "set application_name = 'fuzz'", "set local work_mem = '1MB'", "reset all", "discard all",
            "copy (select generate_series(1, 500)) to stdout", "copy fuzz from stdin", "listen fuzz", "notify fuzz", "unlisten *",
            "prepare p as select 1", "execute p", "deallocate p", "deallocate all", "create temp table t (a int)", "select 'it''s $1'",
            "select $$ ' $$; select 2", "/* comment", "select 1; begin; select 2", "select pg_advisory_lock(1)", "declare c cursor with hold for select 1");
    private static final List<String> NAMES = List.of("", "", "s1", "s2", "__pgkeel_1", "P_0");

    private ValidMessages() {}

    static byte[] startup(String user, String database, SplittableRandom random) {
        var body = new Octets().int32(3 << 16 | random.nextInt(3)).text("user").text(user).text("database").text(database);
        if (random.nextInt(4) == 0) body.text("options").text("-c work_mem=1MB");
        if (random.nextInt(8) == 0) body.text("_pq_.fuzz").text("1");
        if (random.nextInt(8) == 0) body.text("replication").text("true");
        return Octets.untyped(body.int8(0));
    }

    /// One message of a client that is logged in.
    static byte[] any(SplittableRandom random) {
        return switch (random.nextInt(14)) {
            case 0, 1 -> query(pick(STATEMENTS, random));
            case 2, 3 -> parse(pick(NAMES, random), pick(STATEMENTS, random), random);
            case 4 -> bind(random);
            case 5 -> Octets.message('D', new Octets().int8(random.nextBoolean() ? 'S' : 'P').text(pick(NAMES, random)));
            case 6 -> Octets.message('E', new Octets().text(pick(NAMES, random)).int32(random.nextInt(3)));
            case 7 -> Octets.message('C', new Octets().int8(random.nextBoolean() ? 'S' : 'P').text(pick(NAMES, random)));
            case 8, 9 -> sync();
            case 10 -> Octets.message('H', new Octets());
            case 11 -> Octets.message('F', new Octets().int32(random.nextInt()).int16(0).int16(0).int16(0));
            case 12 -> Octets.message('d', new Octets().raw(new byte[random.nextInt(64)]));
            case 13 -> random.nextBoolean() ? Octets.message('c', new Octets()) : Octets.message('f', new Octets().text("fuzz"));
            default -> throw new IllegalStateException("unreachable");
        };
    }

    static byte[] query(String statement) {
        return Octets.message('Q', new Octets().text(statement));
    }

    static byte[] sync() {
        return Octets.message('S', new Octets());
    }

    static byte[] saslInitial(String mechanism, byte[] data) {
        return Octets.message('p', new Octets().text(mechanism).int32(data.length).raw(data));
    }

    private static byte[] parse(String name, String statement, SplittableRandom random) {
        var body = new Octets().text(name).text(statement);
        int types = random.nextInt(3);
        body.int16(types);
        for (int i = 0; i < types; i++) body.int32(random.nextBoolean() ? 0 : 23);
        return Octets.message('P', body);
    }

    private static byte[] bind(SplittableRandom random) {
        var body = new Octets().text(pick(NAMES, random)).text(pick(NAMES, random)).int16(0);
        int parameters = random.nextInt(3);
        body.int16(parameters);
        for (int i = 0; i < parameters; i++) {
            if (random.nextInt(4) == 0) body.int32(-1);
            else body.int32(1).int8('1');
        }
        return Octets.message('B', body.int16(0));
    }

    static <T> T pick(List<T> all, SplittableRandom random) {
        return all.get(random.nextInt(all.size()));
    }
}
