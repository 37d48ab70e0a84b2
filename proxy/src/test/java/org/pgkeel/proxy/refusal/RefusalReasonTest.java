package org.pgkeel.proxy.refusal;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.pgkeel.protocol.backend.ErrorFields;
import org.pgkeel.protocol.backend.Severity;

class RefusalReasonTest {
    /// The codes of refusals and timeouts: who changes one changes what clients and dashboards see.
    @Test
    void the_table_is_as_documented() {
        Map<RefusalReason, String> documented = Map.ofEntries(
                Map.entry(RefusalReason.PROTOCOL_VIOLATION, "FATAL 08P01 NO"), Map.entry(RefusalReason.UNKNOWN_DATABASE, "FATAL 3D000 NO"),
                Map.entry(RefusalReason.BAD_PASSWORD, "FATAL 28P01 NO"), Map.entry(RefusalReason.TOO_MANY_CLIENTS, "FATAL 53300 YES"),
                Map.entry(RefusalReason.HOLD_QUEUE_FULL, "ERROR 53300 YES"),
                Map.entry(RefusalReason.POOL_WAIT_TIMEOUT, "ERROR 57P03 YES"), Map.entry(RefusalReason.HOLD_TIMEOUT, "ERROR 57P03 YES"),
                Map.entry(RefusalReason.SHUTDOWN, "FATAL 57P01 YES"), Map.entry(RefusalReason.PRIMARY_LOST, "ERROR 40001 YES"),
                Map.entry(RefusalReason.OUTCOME_UNKNOWN, "ERROR 08007 UNKNOWN"), Map.entry(RefusalReason.PINNING_REFUSED, "ERROR 0A000 NO"),
                Map.entry(RefusalReason.INTERNAL_ERROR, "FATAL XX000 NO"), Map.entry(RefusalReason.QUERY_TIMEOUT, "FATAL 57014 NO"),
                Map.entry(RefusalReason.IDLE_IN_TRANSACTION_TIMEOUT, "FATAL 25P03 YES"), Map.entry(RefusalReason.TRANSACTION_TIMEOUT, "FATAL 25P04 YES"),
                Map.entry(RefusalReason.CLIENT_IDLE_TIMEOUT, "FATAL 57P05 YES"), Map.entry(RefusalReason.TOO_MANY_LOGINS, "FATAL 53300 YES"),
                Map.entry(RefusalReason.OUT_OF_MEMORY, "FATAL 53200 UNKNOWN"));
        documented.forEach((reason, row) -> assertThat(reason.severity() + " " + reason.sqlState().code() + " " + reason.retry()).as(reason.name()).isEqualTo(row));
    }

    @Test
    void words_are_distinct_and_fit_for_metrics() {
        assertThat(Arrays.stream(RefusalReason.values()).map(RefusalReason::word)).doesNotHaveDuplicates().allMatch(word -> word.matches("[a-z_]+"));
    }

    @Test
    void a_refusal_becomes_a_message_with_what_it_knows() {
        ErrorFields bare = Refusal.of(RefusalReason.SHUTDOWN, "bye").toMessage().fields();
        assertThat(bare.severity()).isEqualTo(Severity.FATAL);
        assertThat(bare.code()).isEqualTo("57P01");
        assertThat(bare.detail()).isEmpty();
        assertThat(bare.hint()).isEmpty();
        ErrorFields full = Refusal.of(RefusalReason.TOO_MANY_CLIENTS, "full", "limits.clients").withDetail("10 of 10").toMessage().fields();
        assertThat(full.detail()).isEqualTo(Optional.of("10 of 10"));
        assertThat(full.hint()).isEqualTo(Optional.of("limits.clients"));
    }
}
