package org.pgkeel.proxy.statement;

import java.util.regex.Pattern;

/// The body of a DO block: code in a language we do not read. Words tell whether it makes session state.
final class DoBody {
    private static final Pattern LOCAL_CALL =
            Pattern.compile("\\bset_config\\s*\\([^();]*,\\s*'?t(?:rue)?'?\\s*\\)", Pattern.CASE_INSENSITIVE);
    private static final Pattern WORDS = Pattern.compile("\\b(?:set_config|pg_advisory_lock|pg_advisory_lock_shared"
            + "|pg_try_advisory_lock|pg_try_advisory_lock_shared|currval|lastval|setseed|dblink_connect|dblink_connect_u"
            + "|pg_replication_origin_session_setup|pg_settings|pg_temp|temp|temporary|listen|load|prepare|deallocate"
            + "|discard|reset|set\\s+session)\\b", Pattern.CASE_INSENSITIVE);
    /// SET where a statement begins; `UPDATE ... SET` is not one.
    private static final Pattern SET = Pattern.compile(
            "(?:^|[;'\"$]|\\bbegin|\\bthen|\\belse|\\bloop|\\*/)\\s*set\\s+(?!local\\b|transaction\\b|constraints\\b)",
            Pattern.CASE_INSENSITIVE);

    private static final Pattern LINE_COMMENT = Pattern.compile("--[^\n\r]*");
    private static final Pattern LASTING = Pattern.compile("\\b(?:setseed|dblink_connect|dblink_connect_u|pg_replication_origin_session_setup|load)\\b", Pattern.CASE_INSENSITIVE);
    private static final Pattern DDL = Pattern.compile("\\b(?:create(?!\\s+(?:(?:local|global)\\s+)?temp)|alter|drop|import)\\b", Pattern.CASE_INSENSITIVE);

    private DoBody() {}

    static boolean makesSessionState(String body) {
        return setsSomething(body) || setsSomething(LINE_COMMENT.matcher(body).replaceAll("")) || mentionsState(body);
    }

    /// Whether it may make something that not even `DISCARD ALL` takes away.
    static boolean makesLastingState(String body) {
        return LASTING.matcher(body).find();
    }

    static boolean changesCatalogue(String body) {
        return DDL.matcher(body).find();
    }

    private static boolean setsSomething(String body) {
        return SET.matcher(body).find();
    }

    private static boolean mentionsState(String body) {
        return WORDS.matcher(LOCAL_CALL.matcher(body).replaceAll("")).find();
    }
}
