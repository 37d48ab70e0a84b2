package org.pgkeel.proxy.postgres;

import java.util.List;

/// The statements that make the users of [PostgresFixture].
final class FixtureUsers {
    private static final List<String> STATEMENTS = List.of(
            "create user app password 'app_secret'",
            "create database app owner app",
            "create user certuser",
            "set password_encryption = 'md5'",
            "create user md5user password 'md5_secret'",
            "grant all on database app to md5user, certuser");

    private FixtureUsers() {}

    /// Makes them, or closes the fixture and throws.
    static PostgresFixture in(PostgresFixture fixture) {
        try {
            fixture.executeIn("postgres", STATEMENTS.toArray(String[]::new));
            return fixture;
        } catch (AssertionError e) {
            fixture.close();
            throw e;
        }
    }
}
