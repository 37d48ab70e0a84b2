package org.pgkeel.bench.history;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class FingerprintTest {
    @Test
    void it_tells_lists_apart_by_value_order_and_length() {
        assertThat(Fingerprint.of(1, 2, 3)).isNotEqualTo(Fingerprint.of(1, 3, 2)).isNotEqualTo(Fingerprint.of(1, 2)).isNotEqualTo(Fingerprint.of(1, 2, 4));
        assertThat(Fingerprint.next(Fingerprint.of(1, 2), 3)).isEqualTo(Fingerprint.of(1, 2, 3));
        assertThat(Fingerprint.of()).isEqualTo(Fingerprint.EMPTY);
    }
}
