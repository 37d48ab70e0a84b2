package org.pgkeel.failover.topology;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LsnTest {
    @ParameterizedTest
    @CsvSource({"0/3000028, 0/3000000", "0/3002018, 0/3002000", "0/3002000, 0/3002000", "0/3002020, 0/3002020", "0/3001FF8, 0/3001FF8", "1/28, 1/0"})
    void the_header_of_a_page_without_a_record_is_not_part_of_the_wal_yet(String end, String behindLastRecord) {
        assertThat(Lsn.parse(end).behindLastRecord()).isEqualTo(Lsn.parse(behindLastRecord));
    }
}
