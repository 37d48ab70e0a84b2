package org.pgkeel.bench.workload;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.sql.SQLException;
import java.sql.SQLWarning;
import org.junit.jupiter.api.Test;

class RoutineLoadTest {
    private static SQLWarning told(String... statesAndMessages) {
        var all = new SQLWarning(statesAndMessages[1], statesAndMessages[0]);
        for (int i = 2; i < statesAndMessages.length; i += 2) all.setNextWarning(new SQLWarning(statesAndMessages[i + 1], statesAndMessages[i]));
        return all;
    }

    @Test
    void what_the_server_warns_of_beside_the_notice_is_not_taken_for_a_second_one() throws Exception {
        assertThat(RoutineLoad.notice(told("00000", "767 1", "01000", "canceling wait for synchronous replication due to user request"))).isEqualTo("767 1");
        assertThat(RoutineLoad.notice(told("01000", "canceling wait for synchronous replication due to user request", "00000", "767 1"))).isEqualTo("767 1");
    }

    @Test
    void a_notice_that_comes_twice_or_not_at_all_is_found() {
        assertThatThrownBy(() -> RoutineLoad.notice(told("00000", "767 1", "00000", "767 1"))).isInstanceOf(SQLException.class).hasMessageContaining("2 times");
        assertThatThrownBy(() -> RoutineLoad.notice(null)).isInstanceOf(SQLException.class).hasMessageContaining("0 times");
    }
}
