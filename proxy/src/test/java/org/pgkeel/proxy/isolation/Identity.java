package org.pgkeel.proxy.isolation;

import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;

/// The settings by which a client knows itself: each of them differs between clients, all come back with each reply.
final class Identity {
    static final String TOKEN = "app.client";
    /// In the order of [#COLUMNS].
    static final List<String> SETTINGS = List.of("TimeZone", "search_path", "application_name", "DateStyle");
    static final Map<String, List<String>> VALUES = Map.of(
            "TimeZone", List.of("UTC", "Asia/Tokyo", "America/Lima", "Europe/Prague", "Australia/Sydney"),
            "search_path", List.of("iso_a", "iso_b", "iso_c"),
            "application_name", List.of("one", "two", "three", "four", "five", "it's six"),
            "DateStyle", List.of("ISO, DMY", "SQL, MDY", "German, YMD", "Postgres, DMY"),
            SessionModel.ROLE, List.of("none", "iso_role_1", "iso_role_2"));
    /// PostgreSQL tells them in ParameterStatus.
    static final List<String> REPORTED = List.of("TimeZone", "application_name", "DateStyle");
    /// The table `whoami` is in every schema of the search path's values, and holds the schema's name.
    static final String COLUMNS = "coalesce(current_setting('app.client', true), ''), current_user, current_setting('TimeZone'), current_setting('search_path'), "
            + "current_setting('application_name'), current_setting('DateStyle'), (select name from whoami)";

    private Identity() {}

    static List<String> expected(SessionModel model, String user) {
        String role = model.get(SessionModel.ROLE);
        return List.of(model.get(TOKEN), role.isEmpty() || role.equals("none") ? user : role, model.get("TimeZone"), model.get("search_path"),
                model.get("application_name"), model.get("DateStyle"), model.get("search_path"));
    }

    static String any(String setting, RandomGenerator random) {
        List<String> values = VALUES.getOrDefault(setting, List.of());
        return values.get(random.nextInt(values.size()));
    }

    /// The text of a statement that many clients prepare under the same few names.
    static String preparedText(int variant) {
        return "select $1::text, 'variant " + variant + "'::text, " + COLUMNS;
    }
}
