package org.pgkeel.bench.cluster;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Comparator;
import java.util.stream.Stream;

/// A temporary folder that is deleted with all it holds.
public record WorkFolder(Path path) implements AutoCloseable {
    /// @param parent on a disk for databases, on a tmpfs for logs
    public static WorkFolder in(Path parent) throws IOException {
        Path folder = Files.createTempDirectory(parent, "pgkeel-bench-");
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
        return new WorkFolder(folder);
    }

    /// Where temporary files go on this machine (`java.io.tmpdir`).
    public static WorkFolder temporary() throws IOException {
        return in(Path.of(System.getProperty("java.io.tmpdir")));
    }

    /// A new folder in it.
    Path folder(String name) throws IOException {
        return Files.createDirectories(path.resolve(name));
    }

    @Override
    public void close() {
        try (Stream<Path> all = Files.walk(path)) {
            for (Path each : all.sorted(Comparator.reverseOrder()).toList()) Files.deleteIfExists(each);
        } catch (IOException e) {
            System.err.println("left behind: " + path + " (" + e.getMessage() + ")");
        }
    }
}
