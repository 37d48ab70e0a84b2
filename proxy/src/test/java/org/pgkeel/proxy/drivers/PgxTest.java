package org.pgkeel.proxy.drivers;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Go: pgx natively and through `database/sql`, and lib/pq.
@Tag("drivers")
class PgxTest {
    @ParameterizedTest
    @EnumSource
    void every_check_of_the_suite_passes(Way way) {
        DriverSuite.pgx().passes(way);
    }
}
