package org.pgkeel.proxy.catalogue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/// PostgreSQL's own regression tests, fetched once.
public final class RegressionCorpus {
    private RegressionCorpus() {}

    /// The folder with `sql` and `parallel_schedule`.
    public static Path folder() throws IOException, InterruptedException {
        Process fetch = new ProcessBuilder("src/test/scripts/regression-corpus").redirectError(ProcessBuilder.Redirect.INHERIT).start();
        String folder = new String(fetch.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        if (fetch.waitFor() != 0) throw new AssertionError("PostgreSQL's regression tests could not be fetched, see above; proxy/src/test/scripts/regression-corpus does it");
        return Path.of(folder);
    }
}
