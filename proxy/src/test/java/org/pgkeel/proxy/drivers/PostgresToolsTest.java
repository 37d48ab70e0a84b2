package org.pgkeel.proxy.drivers;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// psql, pgbench, pg_dump and pg_restore.
@Tag("drivers")
class PostgresToolsTest {
    @ParameterizedTest
    @EnumSource
    void every_check_of_the_suite_passes(Way way) {
        DriverSuite.tools().passes(way);
    }
}
