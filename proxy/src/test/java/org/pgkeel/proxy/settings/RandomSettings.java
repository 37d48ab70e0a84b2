package org.pgkeel.proxy.settings;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.pgkeel.protocol.backend.TransactionStatus;

/// Random statements around settings and transactions.
final class RandomSettings {
    private static final String[] NAMES = {"work_mem", "datestyle", "timezone", "search_path", "application_name",
            "statement_timeout", "extra_float_digits", "bytea_output", "app.tenant", "default_transaction_isolation",
            "default_transaction_read_only", "default_transaction_deferrable", "client_min_messages", "intervalstyle",
            "lock_timeout", "xmloption", "enable_seqscan", "client_encoding", "temp_tablespaces", "app.user"};

    /// One text of all settings; a custom parameter that was never set looks like one that was reset.
    static final String SHOW_ALL = "select concat_ws('|'"
            + String.join("", java.util.Arrays.stream(NAMES)
                    .map(name -> ", '" + name + "=' || coalesce(current_setting('" + name + "', true), '')").toList()) + ")";

    /// `SET` is put in front of these, or SET LOCAL, SET SESSION.
    private static final String[] ASSIGNMENTS = {"work_mem = '4MB'", "work_mem to 8192", "work_mem=0x2000",
            "DateStyle = 'ISO, DMY'", "datestyle to iso, mdy", "DATESTYLE = German",
            "TIME ZONE 'europe/berlin'", "time zone interval '-08:00' hour to minute", "time zone interval '-8' hour",
            "time zone 3", "time zone -3.5", "timezone to utc", "\"TimeZone\" = 'America/New_York'",
            "search_path = a, \"B c\", 'D', \"user\"", "search_path to ''", "schema 'My Schema'", "search_path = \"$user\", public",
            "application_name = 'x y'", "application_name to e'back\\\\slash \\'quoted\\''",
            "application_name = U&'d\\0061t\\+000061'", "application_name to $app$dollar's$app$", "statement_timeout to '1min'",
            "statement_timeout = 60000", "extra_float_digits = -1", "extra_float_digits to +2", "bytea_output = escape",
            "app.tenant = 'one'", "App.Tenant to two", "\"app\".\"user\" = 'me'",
            "default_transaction_isolation = 'repeatable read'",
            "default_transaction_isolation to serializable", "default_transaction_read_only = on",
            "default_transaction_read_only to false", "default_transaction_deferrable = true", "client_min_messages to error",
            "intervalstyle = sql_standard", "lock_timeout = '2s'", "xml option document", "xmloption = content",
            "enable_seqscan to off", "enable_seqscan = true", "names 'latin1'", "names utf8", "client_encoding to 'sql_ascii'",
            "temp_tablespaces = pg_default", "temp_tablespaces to ''"};

    /// Alone in their text: what is RESET to a default of the client's startup packet is put right behind the text.
    private static final String[] RESETS = {"reset work_mem", "set work_mem TO DEFAULT", "set datestyle=default",
            "set session TIME ZONE LOCAL", "set search_path to default", "set app.tenant to default",
            "select set_config('TimeZone', null, false)", "RESET TIME ZONE", "reset datestyle", "reset search_path",
            "reset application_name", "reset app.tenant", "reset client_encoding", "reset statement_timeout", "RESET ALL"};

    private static final String[] CALLS = {"select set_config('work_mem', '5MB', %s)",
            "select pg_catalog.set_config('search_path', '', %s)", "select set_config('search_path', 'x,\"Y\" , z', %s)",
            "select set_config('timezone', 'utc', %s), set_config('app.tenant', 'it''s', %s) as tenant",
            "select set_config('app.user'::text, E'\\\\', %s) ;"};

    private static final String[] CHARACTERISTICS = {"set session characteristics as transaction isolation level read committed",
            "set session characteristics as transaction isolation level repeatable read, read only, not deferrable",
            "set session characteristics as transaction read write deferrable"};

    private static final String[] BROKEN = {"select 1/0", "set work_mem = 'plenty'", "set timezone to 'Nowhere/Land'",
            "select nothing from nowhere", "set no_such_parameter = 1"};

    private static final String[] MARKS = {"savepoint a", "SAVEPOINT \"B\"", "rollback to a", "rollback to savepoint \"B\"",
            "release a", "RELEASE SAVEPOINT \"B\"", "savepoint a"};

    private static final String[] ENDS = {"commit", "COMMIT WORK", "end", "rollback", "abort transaction", "commit and chain",
            "rollback and chain", "commit and no chain"};

    private RandomSettings() {}

    static List<String> statements(Random random, TransactionStatus status) {
        int count = random.nextInt(3) == 0 ? 2 + random.nextInt(3) : 1;
        if (count == 1 && random.nextInt(10) == 0) {
            return List.of(pick(random, RESETS));
        }
        List<String> statements = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            statements.add(one(random, status).replace(";", "").strip());
        }
        if (count == 1 && status == TransactionStatus.IDLE && random.nextInt(12) == 0) {
            return List.of("discard all");
        }
        return statements;
    }

    private static String one(Random random, TransactionStatus status) {
        if (status == TransactionStatus.FAILED && random.nextInt(2) == 0) {
            return pick(random, random.nextBoolean() ? MARKS : ENDS);
        }
        return switch (random.nextInt(16)) {
            case 0, 1, 2, 3 -> "set " + (random.nextInt(4) == 0 ? "session " : "") + pick(random, ASSIGNMENTS);
            case 4, 5 -> "SET local " + pick(random, ASSIGNMENTS);
            case 6, 7, 8 -> pick(random, CALLS).replace("%s", random.nextBoolean() ? "true" : "false");
            case 9 -> pick(random, CHARACTERISTICS);
            case 10 -> random.nextInt(3) == 0 ? pick(random, BROKEN) : "select 1 /* ; set x */";
            case 11, 12 -> status == TransactionStatus.IDLE ? "begin" : pick(random, MARKS);
            case 13, 14 -> pick(random, MARKS);
            default -> pick(random, ENDS);
        };
    }

    private static String pick(Random random, String[] from) {
        return from[random.nextInt(from.length)];
    }
}
