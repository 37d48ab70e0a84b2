package org.pgkeel.proxy.settings;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;

class SettingsDiffTest {
    private static String diff(Map<String, String> applied, Map<String, String> desired) {
        return SettingsDiff.sql(Settings.of(applied), Settings.of(desired));
    }

    @Test void equal_settings_need_no_sql() {
        assertThat(diff(Map.of("a", "1"), Map.of("a", "1"))).isEmpty();
    }

    @Test void what_is_not_wanted_is_reset_and_what_differs_is_set() {
        assertThat(diff(Map.of("a", "1", "b", "2", "c", "3"), Map.of("b", "4", "c", "3", "d", "5")))
                .isEqualTo("BEGIN; RESET a; SET b TO '4'; SET d TO '5'; COMMIT");
    }

    @Test void values_are_quoted_for_either_kind_of_strings() {
        assertThat(diff(Map.of(), Map.of("a", "it's"))).isEqualTo("BEGIN; SET a TO 'it''s'; COMMIT");
        assertThat(diff(Map.of(), Map.of("a", "\\'"))).isEqualTo("BEGIN; SET a TO E'\\\\'''; COMMIT");
    }

    @Test void values_beyond_ascii_are_written_so_that_no_encoding_matters() {
        assertThat(diff(Map.of(), Map.of("a", "\u00fc'\ud83d\udc18"))).isEqualTo("BEGIN; SET a TO E'\\u00fc''\\U0001f418'; COMMIT");
    }

    @Test void names_that_may_be_key_words_are_quoted() {
        assertThat(diff(Map.of("app.user", "1"), Map.of("x\"y", "2")))
                .isEqualTo("BEGIN; RESET \"app\".\"user\"; SET \"x\"\"y\" TO '2'; COMMIT");
    }

    @Test void lists_are_set_item_by_item_where_that_gives_the_same_value() {
        assertThat(diff(Map.of(), Map.of("search_path", "\"$user\", public")))
                .isEqualTo("BEGIN; SET search_path TO '$user', 'public'; COMMIT");
        assertThat(diff(Map.of(), Map.of("search_path", "")))
                .isEqualTo("BEGIN ISOLATION LEVEL READ COMMITTED; "
                        + "SELECT pg_catalog.set_config('search_path', '', false); COMMIT");
        assertThat(diff(Map.of(), Map.of("search_path", "a,b"))).contains("set_config('search_path', 'a,b', false)");
        assertThat(diff(Map.of(), Map.of("datestyle", "ISO, MDY"))).isEqualTo("BEGIN; SET datestyle TO 'ISO, MDY'; COMMIT");
    }

    @Test void settings_are_changed_as_the_user_who_logged_in() {
        assertThat(diff(Map.of("role", "r", "session_authorization", "u", "a", "1"), Map.of("role", "q", "b", "2")))
                .isEqualTo("BEGIN; RESET role; RESET session_authorization; RESET a; SET b TO '2'; SET role TO 'q'; COMMIT");
        assertThat(diff(Map.of("role", "r"), Map.of("role", "r", "session_authorization", "u")))
                .isEqualTo("BEGIN; RESET role; SET session_authorization TO 'u'; SET role TO 'r'; COMMIT");
    }
}
