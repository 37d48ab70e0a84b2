package org.pgkeel.proxy.postgres;

import java.util.List;

/// The statements that make the users of [PostgresFixture].
final class FixtureUsers {
    private FixtureUsers() {}

    /// Run in database `postgres`.
    static final List<String> STATEMENTS = List.of(
            "create user app password 'app_secret'",
            "create database app owner app",
            "create user certuser",
            "set password_encryption = 'md5'",
            "create user md5user password 'md5_secret'",
            "grant all on database app to md5user, certuser");
}
