package org.pgkeel.bench.cluster;

import java.io.IOException;
import java.nio.file.FileVisitOption;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.stream.Stream;

/// Where the `get-...` scripts leave what they fetched.
final class Caches {
    private Caches() {}

    static Path folder() {
        String chosen = System.getenv("PGKEEL_BENCH_CACHE");
        if (chosen != null) return Path.of(chosen);
        String cache = System.getenv("XDG_CACHE_HOME");
        return (cache != null ? Path.of(cache) : Path.of(System.getProperty("user.home"), ".cache")).resolve("pgkeel-bench");
    }

    /// A copy for another user: the cache is its owner's alone to read, and the servers run as an unprivileged user.
    static Path copy(Path from, Path to) throws IOException {
        try (Stream<Path> all = Files.walk(from, new FileVisitOption[0])) {
            for (Path each : all.toList()) {
                Path target = to.resolve(from.relativize(each).toString());
                if (Files.isDirectory(each, LinkOption.NOFOLLOW_LINKS)) Files.createDirectories(target);
                else Files.copy(each, target, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.COPY_ATTRIBUTES, LinkOption.NOFOLLOW_LINKS);
            }
        }
        return to;
    }
}
