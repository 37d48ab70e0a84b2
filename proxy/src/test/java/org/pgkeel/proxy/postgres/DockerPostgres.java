package org.pgkeel.proxy.postgres;

/// A PostgreSQL in a container.
final class DockerPostgres {
    private DockerPostgres() {}

    static PostgresFixture start(FixtureOptions options) {
        throw new IllegalStateException("not written yet: " + options);
    }
}
