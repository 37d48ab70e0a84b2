package org.pgkeel.proxy.drivers;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Python: psycopg 3, that is libpq.
@Tag("drivers")
class PsycopgTest {
    @ParameterizedTest
    @EnumSource
    void every_check_of_the_suite_passes(Way way) {
        DriverSuite.python("psycopg_suite.py").passes(way);
    }
}
