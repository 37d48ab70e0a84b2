package org.pgkeel.proxy.postgres;

/// One PostgreSQL for all tests of this JVM, started by the first that asks, stopped with the JVM. Tests share its databases:
/// use names of your own, change no settings, stop nothing. Threading: any.
public final class SharedPostgres {
    private SharedPostgres() {}

    private static final class Holder {
        static final PostgresFixture FIXTURE = PostgresFixture.start(FixtureOptions.DEFAULT);
    }

    public static PostgresFixture get() {
        return Holder.FIXTURE;
    }
}
