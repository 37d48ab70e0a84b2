package org.pgkeel.proxy;

import java.time.Duration;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/// How long a test waits for what is to come, unless it says otherwise: long enough for a machine that is ten times slower than the one it was written on.
/// Waiting costs nothing where it comes at once; a wait that ends too early fails a test for nothing.
///
/// JUnit finds it by `META-INF/services`.
public final class Patience implements BeforeAllCallback {
    private static final Duration PATIENCE = Duration.ofSeconds(90);

    @Override
    public void beforeAll(ExtensionContext context) {
        Awaitility.setDefaultTimeout(PATIENCE);
    }
}
