package org.pgkeel.proxy.drivers;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/// Runs a program to its end.
///
/// @param command     the program and its arguments
/// @param folder      where it runs
/// @param environment on top of this process's own
/// @param patience    after it the program is killed
record Program(List<String> command, Path folder, Map<String, String> environment, Duration patience) {
    /// @return what it printed, both streams together
    /// @throws AssertionError with all its output if it cannot be started, takes too long or exits with another code than 0
    String run() {
        try {
            Path output = Files.createTempFile("pgkeel-program", ".log");
            try {
                int exitCode = exitCodeOf(output);
                String said = Files.readString(output);
                if (exitCode != 0) throw new AssertionError(String.join(" ", command) + "\nin " + folder + " ended with exit code " + exitCode + ":\n" + said);
                return said;
            } finally {
                Files.deleteIfExists(output);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private int exitCodeOf(Path output) throws IOException {
        var builder = new ProcessBuilder(command).directory(folder.toFile()).redirectErrorStream(true).redirectOutput(output.toFile());
        builder.environment().putAll(environment);
        Process process;
        try {
            process = builder.start();
        } catch (IOException e) {
            throw new AssertionError(command.getFirst() + " cannot be started; is it installed? " + e.getMessage(), e);
        }
        try {
            process.getOutputStream().close();
            if (process.waitFor(patience.toMillis(), TimeUnit.MILLISECONDS)) return process.exitValue();
            throw new AssertionError(String.join(" ", command) + " did not end within " + patience + ":\n" + Files.readString(output));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(String.join(" ", command) + " was interrupted", e);
        } finally {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
        }
    }
}
