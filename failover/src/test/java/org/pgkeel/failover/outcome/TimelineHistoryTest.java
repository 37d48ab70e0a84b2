package org.pgkeel.failover.outcome;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.pgkeel.failover.topology.Lsn;

class TimelineHistoryTest {
    @Test
    void a_history_file_is_read() {
        var history = TimelineHistory.ofFile(3, "1\t0/402B2A0\tno recovery target specified\n\n# a comment\n2\t16/B374D848\tno recovery target specified\n");
        assertThat(history.leaves(1)).contains(new Lsn(0x402B2A0));
        assertThat(history.leaves(2)).contains(new Lsn(0x16_B374D848L));
        assertThat(history.leaves(3)).isEmpty();
    }

    @Test
    void what_is_no_history_file_is_refused() {
        assertThatThrownBy(() -> TimelineHistory.ofFile(3, "hello")).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> TimelineHistory.ofFile(3, "1 nowhere")).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void patronis_history_is_read_with_decimal_positions() {
        String json = """
                [[1, 67285872, "no recovery target specified", "2026-11-22T00:03:14.403687+00:00", "n1"],
                 [2, 67326144, "no recovery target specified", "2026-11-22T00:03:31.339688+00:00", "n3"]]""";
        assertThat(TimelineHistory.ofPatroni(3, json).orElseThrow().leaves(1)).contains(new Lsn(67285872));
        assertThat(TimelineHistory.ofPatroni(4, json)).as("it lags behind the promotion to 4").isEmpty();
        assertThat(TimelineHistory.ofPatroni(2, json)).as("the cluster went back").isEmpty();
    }

    @Test
    void the_first_timeline_has_an_empty_history() {
        assertThat(TimelineHistory.ofPatroni(1, "[]")).contains(new TimelineHistory(1, java.util.List.of()));
        assertThat(TimelineHistory.ofPatroni(2, "[]")).isEmpty();
    }
}
