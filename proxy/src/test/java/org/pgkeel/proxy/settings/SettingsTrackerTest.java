package org.pgkeel.proxy.settings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.pgkeel.protocol.backend.TransactionStatus;
import org.pgkeel.proxy.statement.Dialect;
import org.pgkeel.proxy.statement.Statement;
import org.pgkeel.proxy.statement.Statements;

class SettingsTrackerTest {
    private final SettingsInterner interner = new SettingsInterner(16);
    private SettingsTracker tracker = new SettingsTracker(Settings.NONE, interner);

    /// Statements that complete with their usual tag; `!` stands for an error, `>I`, `>T`, `>E` for ReadyForQuery, `x<v` for
    /// ParameterStatus, `COMMIT!` for a COMMIT that ends a failed transaction.
    private void say(String... words) {
        for (String word : words) {
            if (word.equals("!")) {
                tracker.error();
            } else if (word.startsWith(">")) {
                tracker.readyForQuery(TransactionStatus.of((byte) word.charAt(1)));
            } else if (word.contains("<")) {
                tracker.parameterStatus(word.substring(0, word.indexOf('<')), word.substring(word.indexOf('<') + 1));
            } else {
                boolean failed = word.endsWith("!");
                String sql = failed ? word.substring(0, word.length() - 1) : word;
                for (Statement statement : Statements.parse(sql, Dialect.USUAL)) {
                    String tag = failed ? "ROLLBACK" : sql.split(" ", 2)[0].toUpperCase(java.util.Locale.ROOT);
                    tracker.completed(statement.effects(), tag);
                }
            }
        }
    }

    /// Every event in every state: the settings `a` and `b` after it. Before, `a` is `0` and settled.
    @ParameterizedTest
    @CsvSource(delimiter = '!', quoteCharacter = '"', textBlock = """
            # state: settled
            -                           ! set a = 1; >I                     ! a=1
            -                           ! set local a = 1; >I               ! a=0
            -                           ! reset a; >I                       ! -
            -                           ! reset all; >I                     ! -
            -                           ! discard all; >I                   ! -
            -                           ! commit; >I                        ! a=0
            -                           ! rollback; >I                      ! a=0
            -                           ! ERROR; >I                         ! a=0
            # state: changed in an implicit transaction
            set a = 1                   ! >I                                ! a=1
            set a = 1                   ! ERROR; >I                         ! a=0
            set a = 1                   ! commit; ERROR; >I                 ! a=1
            set a = 1                   ! rollback; >I                      ! a=0
            set a = 1                   ! begin; >T; rollback; >I           ! a=0
            # state: changed in a block
            begin; >T; set a = 1; >T    ! -                                 ! a=1
            begin; >T; set a = 1; >T    ! commit; >I                        ! a=1
            begin; >T; set a = 1; >T    ! rollback; >I                      ! a=0
            begin; >T; set a = 1; >T    ! prepare transaction 'x'; >I       ! a=1
            begin; >T; set a = 1; >T    ! ERROR; >E; rollback; >I           ! a=0
            begin; >T; set a = 1; >T    ! ERROR; >E; FAILED; >I             ! a=0
            begin; >T; set a = 1; >T    ! commit and chain; >T; set a = 2; rollback; >I ! a=1
            begin; >T; set a = 1; >T    ! rollback and chain; >T; set b = 2; commit; >I ! a=0,b=2
            begin; >T; set a = 1; >T    ! set local a = 2; set b = 3; commit; >I ! a=1,b=3
            begin; >T; set a = 1; >T    ! reset a; commit; >I               ! -
            begin; >T; set a = 1; >T    ! reset a; rollback; >I             ! a=0
            # state: behind savepoints
            begin; savepoint s; set a = 1; >T ! rollback to s; >T           ! a=0
            begin; savepoint s; set a = 1; >T ! release s; commit; >I       ! a=1
            begin; savepoint s; set a = 1; >T ! release s; rollback; >I     ! a=0
            begin; savepoint s; set a = 1; >T ! ERROR; >E; rollback to s; set b = 1; commit; >I ! a=0,b=1
            begin; savepoint s; set a = 1; >T ! rollback to s; set a = 2; rollback to s; commit; >I ! a=0
            begin; savepoint s; set a = 1; savepoint s; set a = 2; >T ! rollback to s; commit; >I ! a=1
            begin; savepoint s; set a = 1; savepoint s; set a = 2; >T ! release s; rollback to s; commit; >I ! a=0
            begin; savepoint s; set a = 1; savepoint t; set a = 2; >T ! rollback to s; commit; >I ! a=0
            begin; savepoint s; set a = 1; savepoint t; set a = 2; >T ! release s; commit; >I ! a=2
            begin; savepoint s; savepoint s; set a = 1; >T ! release s; rollback to s; commit; >I ! a=0
            begin; set b = 1; savepoint s; savepoint s; >T ! release s; release s; ERROR; rollback; >I ! a=0
            """)
    void settings_follow_the_transaction(String state, String events, String expected) {
        tracker.lease(Settings.NONE);
        say("set a = 0", ">I");
        for (String word : (state + ";" + events).split(";")) {
            switch (word.strip()) {
                case "-" -> { }
                case "ERROR" -> say("!");
                case "FAILED" -> say("commit!");
                default -> say(word.strip());
            }
        }
        String wanted = expected.equals("-") ? "{}" : "{" + expected.replace(",", ", ") + "}";
        assertThat(tracker.desired()).hasToString(wanted);
        assertThat(tracker.applied()).hasToString(wanted);
    }

    @Test void nothing_is_pending_until_something_was_touched() {
        say("begin", ">T", "select 1", ">T", "!", ">E");
        assertThat(tracker.pending()).isFalse();
        say("rollback", ">I", "begin", "savepoint a", ">T");
        assertThat(tracker.pending()).isTrue();
        say("commit", ">I");
        assertThat(tracker.pending()).isFalse();
    }

    @Test void set_local_is_told_until_the_transaction_ends() {
        say("begin", ">T", "set local search_path = x", ">T");
        assertThat(tracker.localTouched()).isTrue();
        assertThat(tracker.desired()).isEqualTo(Settings.NONE);
        say("commit and chain", ">T");
        assertThat(tracker.localTouched()).isFalse();
        say("set local statement_timeout = 1", ">T");
        assertThat(tracker.localTouched()).as("a limit changes no meaning").isFalse();
    }

    @Test void a_reset_goes_to_what_the_client_gave_at_startup_by_the_next_diff() {
        tracker = new SettingsTracker(Settings.of(Map.of("a", "start")), interner);
        tracker.lease(Settings.NONE);
        assertThat(tracker.inStep()).isFalse();
        tracker.synced();
        say("set a = 1", ">I", "reset a", ">I");
        assertThat(tracker.desired().get("a")).contains("start");
        assertThat(tracker.applied().has("a")).isFalse();
        assertThat(tracker.inStep()).isFalse();
        tracker.synced();
        assertThat(tracker.release()).isSameAs(tracker.desired());
    }

    @Test void a_diff_inside_of_a_block_is_undone_with_it() {
        tracker = new SettingsTracker(Settings.of(Map.of("a", "start")), interner);
        tracker.lease(Settings.of(Map.of("a", "start")));
        say("begin", ">T", "reset a", ">T");
        tracker.synced();
        say("set b = 1", "rollback", ">I");
        assertThat(tracker.release()).hasToString("{a=start}");
    }

    @Test void the_servers_spelling_replaces_the_clients() {
        say("set timezone = 'europe/berlin'", "TimeZone<Europe/Berlin", ">I");
        assertThat(tracker.desired()).hasToString("{timezone=Europe/Berlin}");
    }

    @Test void reports_of_an_undo_or_of_set_local_are_not_taken_for_the_clients_wish() {
        say("begin", ">T", "set timezone = 'x'", ">T", "rollback", "TimeZone<UTC", ">I");
        assertThat(tracker.desired()).isEqualTo(Settings.NONE);
        say("begin", ">T", "set local timezone = 'x'", "TimeZone<x", ">T", "commit", "TimeZone<UTC", ">I");
        assertThat(tracker.desired()).isEqualTo(Settings.NONE);
        say("set timezone = 'x'", "!", "TimeZone<UTC", ">I");
        assertThat(tracker.desired()).isEqualTo(Settings.NONE);
        say("set timezone = 'x'", ">I", "reset timezone", "TimeZone<UTC", ">I");
        assertThat(tracker.desired()).isEqualTo(Settings.NONE);
    }

    @Test void a_setting_that_a_function_changed_is_learnt_from_its_report() {
        say("select changes_the_zone()", "TimeZone<Asia/Tokyo", "in_hot_standby<on", ">I");
        assertThat(tracker.desired()).hasToString("{timezone=Asia/Tokyo}");
        assertThat(tracker.applied()).hasToString("{timezone=Asia/Tokyo}");
    }

    @Test void a_lost_backend_takes_its_open_transaction_with_it() {
        say("set a = 1", ">I", "begin", "set a = 2", "savepoint s", ">T");
        tracker.backendLost();
        tracker.lease(Settings.NONE);
        assertThat(tracker.desired()).hasToString("{a=1}");
        assertThat(tracker.inStep()).isFalse();
        assertThat(tracker.pending()).isFalse();
    }

    @Test void becoming_another_user_gives_up_the_role() {
        say("set role r", ">I", "set session authorization u", ">I");
        assertThat(tracker.desired()).hasToString("{session_authorization=u}");
        say("set role r", ">I", "reset all", ">I");
        assertThat(tracker.desired()).hasToString("{role=r, session_authorization=u}");
        say("reset session authorization", ">I");
        assertThat(tracker.desired()).isEqualTo(Settings.NONE);
    }

    @Test void a_backend_is_not_released_in_a_transaction() {
        say("begin", ">T");
        assertThatThrownBy(tracker::release).isInstanceOf(IllegalStateException.class);
        say("commit", ">I", "set a = 1");
        assertThatThrownBy(tracker::release).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> tracker.lease(Settings.NONE)).isInstanceOf(IllegalStateException.class);
    }

    @Test void savepoints_of_one_name_in_a_row_take_one_place() {
        say("begin", ">T", "set a = 1");
        for (int i = 0; i < 100_000; i++) {
            say("savepoint auto");
        }
        say("set a = 2", "rollback to auto", ">T", "release auto", "rollback to auto", "commit", ">I");
        assertThat(tracker.desired()).hasToString("{a=1}");
    }
}
