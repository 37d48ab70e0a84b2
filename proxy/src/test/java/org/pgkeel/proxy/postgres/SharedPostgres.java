package org.pgkeel.proxy.postgres;

/// One PostgreSQL for all tests of this JVM, started by the first that asks, stopped with the JVM. Tests share its databases:
/// use names of your own, change no settings, stop nothing. Threading: any.
public final class SharedPostgres {
    private SharedPostgres() {}

    private sealed interface Outcome {
        record Started(PostgresFixture fixture) implements Outcome {}

        record Failed(AssertionError why) implements Outcome {}
    }

    private static final class Holder {
        static final Outcome OUTCOME = start();

        private static Outcome start() {
            try {
                return new Outcome.Started(PostgresFixture.start(FixtureOptions.DEFAULT));
            } catch (AssertionError e) {
                return new Outcome.Failed(e);
            }
        }
    }

    /// @throws AssertionError if there is none to be had: the same for every test, with the reasons
    public static PostgresFixture get() {
        return switch (Holder.OUTCOME) {
            case Outcome.Started(var fixture) -> fixture;
            case Outcome.Failed(var why) -> throw new AssertionError(why.getMessage(), why);
        };
    }
}
