package org.pgkeel.proxy.drivers;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Rust: tokio-postgres with rustls.
@Tag("drivers")
class TokioPostgresTest {
    @ParameterizedTest
    @EnumSource
    void every_check_of_the_suite_passes(Way way) {
        DriverSuite.rust().passes(way);
    }
}
