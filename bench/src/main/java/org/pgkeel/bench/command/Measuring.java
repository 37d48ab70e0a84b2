package org.pgkeel.bench.command;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.pgkeel.bench.report.Goal;
import org.pgkeel.bench.report.JsonReport;
import org.pgkeel.bench.report.Results;
import picocli.CommandLine.Option;

/// Options of the commands that measure PgKeel beside others: whom, and what becomes of the figures. Threading: one thread.
public final class Measuring {
    private static final int EXIT_MISSED = 3;

    @Option(names = "--pgbouncer", paramLabel = "PATH", description = "This PgBouncer (default: the one from get-pgbouncer, else the installed one).")
    private Optional<Path> pgbouncer = Optional.empty();

    @Option(names = "--pgkeel", paramLabel = "PATH", defaultValue = "${sys:pgkeel.launcher}", description = "PgKeel's launcher (default: proxy/bin/pgkeel).")
    private Path pgkeel = Path.of("");

    @Option(names = "--json", paramLabel = "FILE", description = "Every figure, also into this file.")
    private Optional<Path> json = Optional.empty();

    @Option(names = "--strict", description = "Exit with 3 if a goal was missed or a run failed.")
    private boolean strict;

    public Optional<Path> pgbouncer() {
        return pgbouncer;
    }

    public Path pgkeel() {
        return pgkeel;
    }

    /// @param about how it was measured
    /// @return the command's exit code
    public int ended(Map<String, Object> about, Results results, List<Goal> goals) throws IOException {
        if (json.isPresent()) Files.writeString(json.get(), JsonReport.text(about, results, goals));
        boolean missed = goals.stream().anyMatch(g -> g.verdict() == Goal.Verdict.MISSED) || !results.failures().isEmpty();
        return strict && missed ? EXIT_MISSED : 0;
    }
}
