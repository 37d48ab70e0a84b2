package org.pgkeel.proxy.postgres;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;
import org.pgkeel.proxy.embedded.DataFolder;
import org.pgkeel.proxy.embedded.PostgresTree;
import org.pgkeel.proxy.embedded.ServerAccount;

/// Where the tests' PostgreSQL comes from, in the order in which they are tried.
public enum Provider {
    /// Testcontainers, where a Docker engine answers.
    DOCKER {
        @Override
        PostgresFixture start(FixtureOptions options) {
            return DockerPostgres.start(options);
        }
    },
    /// PostgreSQL's programs from Maven Central.
    EMBEDDED {
        @Override
        PostgresFixture start(FixtureOptions options) {
            ServerAccount account = ServerAccount.pick();
            Path cache = DataFolder.prepare(DataFolder.home(account).resolve("cache"), account);
            return ProcessPostgres.start(this, PostgresTree.fromClassPath(cache), account, options);
        }
    },
    /// PostgreSQL as this machine has it: `/usr/lib/postgresql/*/bin`, or on the path.
    LOCAL {
        @Override
        PostgresFixture start(FixtureOptions options) {
            Path home = localTrees().findFirst().orElseThrow(() ->
                    new IllegalStateException("neither /usr/lib/postgresql/*/bin nor the path has initdb and postgres"));
            return ProcessPostgres.start(this, new PostgresTree(home), ServerAccount.pick(), options);
        }
    };

    abstract PostgresFixture start(FixtureOptions options);

    static PostgresFixture startFirstThatWorks(FixtureOptions options) {
        var failure = new AssertionError();
        var reasons = new StringBuilder("no PostgreSQL for the tests (-Dpgkeel.postgres=docker|embedded|local):");
        for (Provider provider : asked()) {
            try {
                return provider.start(options);
            } catch (RuntimeException | LinkageError | AssertionError e) {
                reasons.append("\n  ").append(provider.name().toLowerCase(Locale.ROOT)).append(": ").append(e);
                failure.addSuppressed(e);
            }
        }
        var all = new AssertionError(reasons.toString());
        Arrays.stream(failure.getSuppressed()).forEach(all::addSuppressed);
        throw all;
    }

    private static List<Provider> asked() {
        return Optional.ofNullable(System.getProperty("pgkeel.postgres"))
                .map(name -> List.of(valueOf(name.toUpperCase(Locale.ROOT))))
                .orElseGet(() -> List.of(values()));
    }

    private static Stream<Path> localTrees() {
        Stream<Path> onPath = Stream.of(System.getenv().getOrDefault("PATH", "").split(":"))
                .filter(folder -> !folder.isEmpty()).map(Path::of);
        return Stream.concat(ClientTools.debianFolders(), onPath)
                .filter(bin -> Files.isExecutable(bin.resolve("initdb")) && Files.isExecutable(bin.resolve("postgres")))
                .map(bin -> bin.toAbsolutePath().getParent());
    }
}
