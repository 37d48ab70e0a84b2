package org.pgkeel.proxy.embedded;

import java.nio.file.Files;
import java.nio.file.Path;

/// A folder with PostgreSQL's server programs under `bin`: `initdb` and `postgres` at least.
public record PostgresTree(Path home) {
    public PostgresTree {
        for (String program : new String[] {"initdb", "postgres"}) {
            if (!Files.isExecutable(home.resolve("bin").resolve(program))) {
                throw new IllegalArgumentException("no program bin/" + program + " in " + home);
            }
        }
    }

    /// The tree whose archive is on the class path, unpacked into `cache` once.
    public static PostgresTree fromClassPath(Path cache) {
        return new PostgresTree(BinaryArchive.forThisMachine().unpackInto(cache));
    }

    String program(String name) {
        return home.resolve("bin").resolve(name).toString();
    }
}
