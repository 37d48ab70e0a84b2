package org.pgkeel.proxy.server;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.pgkeel.proxy.postgres.ClientTools;

/// PostgreSQL's own client programs, pointed at a proxy. Threading: any.
final class Psql {
    private static final int PATIENCE_SECONDS = 120;

    private Psql() {}

    /// @param conninfo of libpq, without the port
    /// @return what it printed, without frames and without the last line end
    static String run(int port, String conninfo, Map<String, String> environment, String sql) {
        return program(environment, "psql", "-X", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", sql, "port=" + port + " " + conninfo).strip();
    }

    /// @return what it printed, both streams together
    /// @throws AssertionError if it fails
    static String program(Map<String, String> environment, String name, String... arguments) {
        List<String> command = new ArrayList<>(List.of(ClientTools.locate(name)));
        command.addAll(Arrays.asList(arguments));
        try {
            Path output = Files.createTempFile("pgkeel-e2e-", ".log");
            try {
                var builder = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output.toFile());
                builder.environment().putAll(environment);
                Process process = builder.start();
                process.getOutputStream().close();
                boolean ended = process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS);
                if (!ended) process.destroyForcibly();
                String said = Files.readString(output);
                if (!ended || process.exitValue() != 0) throw new AssertionError(String.join(" ", command) + (ended ? " failed:\n" : " did not end:\n") + said);
                return said;
            } finally {
                Files.deleteIfExists(output);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }

    static String[] concat(String[] first, String... second) {
        String[] all = Arrays.copyOf(first, first.length + second.length);
        System.arraycopy(second, 0, all, first.length, second.length);
        return all;
    }
}
