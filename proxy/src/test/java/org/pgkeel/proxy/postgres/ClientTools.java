package org.pgkeel.proxy.postgres;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/// PostgreSQL's client programs: psql, pgbench, pg_dump, pg_restore. The trees from Maven Central have none of them.
public final class ClientTools {
    private ClientTools() {}

    /// @return the program's full path: on the path, or in `/usr/lib/postgresql/*/bin`
    /// @throws AssertionError if it is nowhere
    public static String locate(String program) {
        Stream<Path> onPath = Stream.of(System.getenv().getOrDefault("PATH", "").split(":")).filter(folder -> !folder.isEmpty()).map(Path::of);
        // Debian's wrappers in /usr/bin are Perl and slow to start: the programs themselves go first.
        return Stream.concat(debianFolders(), onPath)
                .map(folder -> folder.resolve(program))
                .filter(Files::isExecutable)
                .findFirst()
                .map(Path::toString)
                .orElseThrow(() -> new AssertionError(program + " is neither in /usr/lib/postgresql/*/bin nor on the path: install PostgreSQL's client programs"
                        + " (Debian: apt-get install postgresql-client postgresql-contrib)"));
    }

    /// The newest version's first.
    static Stream<Path> debianFolders() {
        Path versions = Path.of("/usr/lib/postgresql");
        if (!Files.isDirectory(versions)) {
            return Stream.of();
        }
        try (Stream<Path> folders = Files.list(versions)) {
            List<Path> newestFirst = folders.sorted(Comparator.comparing((Path folder) -> folder.getFileName().toString().length())
                    .thenComparing(folder -> folder.getFileName().toString()).reversed()).map(folder -> folder.resolve("bin")).toList();
            return newestFirst.stream();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
