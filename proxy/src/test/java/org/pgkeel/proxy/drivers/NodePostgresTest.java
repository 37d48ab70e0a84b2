package org.pgkeel.proxy.drivers;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// JavaScript: node-postgres with its cursors, streams and COPY.
@Tag("drivers")
class NodePostgresTest {
    @ParameterizedTest
    @EnumSource
    void every_check_of_the_suite_passes(Way way) {
        DriverSuite.node().passes(way);
    }
}
