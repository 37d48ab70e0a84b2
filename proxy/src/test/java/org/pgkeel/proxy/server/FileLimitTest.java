package org.pgkeel.proxy.server;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class FileLimitTest {
    @Test
    void who_may_not_open_as_many_files_as_clients_may_come_is_warned() {
        assertThat(FileLimit.warning(1024, 10_000)).hasValueSatisfying(text -> assertThat(text).contains("limits.clients = 10000").contains("only 1024 files"));
        assertThat(FileLimit.warning(10_000, 10_000)).isPresent();
        assertThat(FileLimit.warning(65_536, 10_000)).isEmpty();
        assertThat(FileLimit.warning(1024, 100)).isEmpty();
    }
}
