/// A real PostgreSQL for tests: [SharedPostgres] for one that all tests of a JVM share, [PostgresFixture#start] for one of their own.
/// `-Dpgkeel.postgres=docker|embedded|local` picks where it comes from ([Provider]); the default is the first that works.
@org.jspecify.annotations.NullMarked
package org.pgkeel.proxy.postgres;
