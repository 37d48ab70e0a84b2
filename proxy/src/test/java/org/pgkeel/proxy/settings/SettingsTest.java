package org.pgkeel.proxy.settings;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.pgkeel.proxy.settings.StartupSettings.Invalid;
import org.pgkeel.proxy.settings.StartupSettings.Understood;

class SettingsTest {
    @Test void settings_behave_like_a_sorted_map() {
        Random random = new Random(1);
        TreeMap<String, String> model = new TreeMap<>();
        Settings settings = Settings.NONE;
        for (int i = 0; i < 10_000; i++) {
            String name = "p" + random.nextInt(12);
            if (random.nextInt(3) == 0) {
                model.remove(name);
                settings = settings.without(name);
            } else {
                String value = "v" + random.nextInt(3);
                model.put(name, value);
                settings = settings.with(name, value);
            }
            assertThat(settings).hasToString(model.toString()).isEqualTo(Settings.of(model)).hasSameHashCodeAs(Settings.of(model));
            assertThat(settings.size()).isEqualTo(model.size());
            assertThat(settings.get(name).orElse(null)).isEqualTo(model.get(name));
        }
    }

    @Test void what_changes_nothing_gives_the_same_object() {
        Settings settings = Settings.of(Map.of("a", "1", "b", "2"));
        assertThat(settings.with("a", "1")).isSameAs(settings);
        assertThat(settings.without("c")).isSameAs(settings);
        assertThat(settings.overlay(Settings.NONE)).isSameAs(settings);
        assertThat(settings.without("a").without("b")).isSameAs(Settings.NONE);
    }

    @Test void an_overlay_wins() {
        Settings base = Settings.of(Map.of("a", "1", "b", "2"));
        assertThat(Settings.of(Map.of("b", "3", "c", "4")).overlay(base)).hasToString("{a=1, b=3, c=4}");
    }

    @Test void the_semantic_key_leaves_out_what_cannot_change_a_meaning() {
        Settings settings = Settings.of(Map.of("search_path", "a", "statement_timeout", "1", "log_statement", "all",
                "application_name", "x", "timezone", "UTC"));
        assertThat(settings.semanticKey()).hasToString("{search_path=a, timezone=UTC}");
    }

    @Test void equal_settings_become_one_object() {
        SettingsInterner interner = new SettingsInterner(8);
        Settings first = interner.intern(Settings.of(Map.of("a", "1")));
        assertThat(interner.intern(Settings.of(Map.of("a", "1")))).isSameAs(first);
        for (int i = 0; i < 1000; i++) {
            Settings other = Settings.of(Map.of("a", "x" + i));
            assertThat(interner.intern(other)).isEqualTo(other);
            assertThat(interner.intern(Settings.of(Map.of("a", "x" + i)))).isSameAs(other);
        }
        assertThat(interner.intern(Settings.of(Map.of("a", "1")))).isEqualTo(first);
        assertThat(interner.intern(Settings.of(Map.of()))).isSameAs(Settings.NONE);
    }

    @Test void large_settings_are_not_remembered_for_others() {
        var interner = new SettingsInterner(8);
        Map<String, String> large = Map.of("app.document", "x".repeat(5_000));
        Settings first = interner.intern(Settings.of(large));
        assertThat(interner.intern(Settings.of(large))).isEqualTo(first).isNotSameAs(first);
    }

    @Test void the_key_of_large_settings_is_small_and_tells_them_apart() {
        Settings settings = Settings.of(Map.of("app.document", "x".repeat(5_000), "client_encoding", "SJIS", "standard_conforming_strings", "off", "work_mem", "1MB"));
        Settings key = settings.semanticKey();
        assertThat(key.toString().length()).isLessThan(200);
        assertThat(key.get("client_encoding")).contains("SJIS");
        assertThat(key.get("standard_conforming_strings")).contains("off");
        assertThat(settings.with("work_mem", "2MB").semanticKey()).isEqualTo(key);
        assertThat(settings.with("app.document", "x".repeat(5_001)).semanticKey()).isNotEqualTo(key);
        assertThat(settings.with("app.other", "y").semanticKey()).isNotEqualTo(key);
    }

    @Test void startup_parameters_are_settings_but_for_the_protocols_own() {
        assertThat(StartupSettings.of(Map.of("user", "u", "database", "d", "replication", "false", "_pq_.x", "1",
                "TimeZone", "UTC", "search_path", "a, \"B\"")))
                .isEqualTo(new Understood(Settings.of(Map.of("timezone", "UTC", "search_path", "a, \"B\""))));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '!', quoteCharacter = '`', textBlock = """
            -c a=1                              ! {a=1}
            -ca=1 --b-c=x --D.e=               ! {a=1, b_c=x, d.e=}
            -c\\ a=1                            ! {`` a=1}
            -c a=x\\ y\\\\z                      ! {a=x y\\z}
            ``                                  ! {}
            -c a=1 -c a=2=3                     ! {a=2=3}
            """)
    void options_are_read_as_the_server_reads_them(String options, String expected) {
        Understood understood = (Understood) StartupSettings.of(Map.of("options", options));
        assertThat(understood.settings()).hasToString(expected.replace("``", ""));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '!', textBlock = """
            -x           ! invalid command-line argument for server process: -x
            hello        ! invalid command-line argument for server process: hello
            -c           ! invalid command-line argument for server process: -c
            -c a         ! -c a requires a value
            --a          ! --a requires a value
            --           ! invalid command-line argument for server process: --
            """)
    void options_that_are_not_understood_are_refused(String options, String problem) {
        assertThat(StartupSettings.of(Map.of("options", options))).isEqualTo(new Invalid(problem));
    }

    @Test void a_startup_parameter_wins_over_the_same_one_in_options() {
        assertThat(StartupSettings.of(Map.of("options", "-c timezone=UTC", "TimeZone", "PST8PDT")))
                .isEqualTo(new Understood(Settings.of(Map.of("timezone", "PST8PDT"))));
    }
}
