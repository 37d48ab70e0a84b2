package org.pgkeel.proxy.server;

import static org.awaitility.Awaitility.await;

import java.sql.Connection;
import java.time.Duration;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/// A primary and a replica with tables and functions to read, for tests of proxies that route. To be registered as an extension: the servers are there for
/// all tests of a class.
///
/// Threading: confined to one thread.
final class RoutedWorld implements BeforeAllCallback, AfterAllCallback {
    /// Lines of `proxy.conf`: reads go to the replica, with the default consistency.
    static final String READS = "routing = [ { name = reads, when { statement = read }, to = replica, or-else = primary } ]\n";
    /// The same with the least consistency; to be formatted with what is done when there is no replica.
    static final String EVENTUAL = "routing = [ { name = reads, when { statement = read }, to = replica, consistency = eventual, or-else = %s } ]\n";

    private ReplicatedPostgres postgres;

    @Override
    public void beforeAll(ExtensionContext context) {
        postgres = new ReplicatedPostgres(1);
        postgres.execute("create table things (id int primary key, name text)", "insert into things select i, 'thing ' || i from generate_series(1, 1000) i",
                "create function where_am_i() returns text language sql stable as $$ select case when pg_is_in_recovery() then 'replica' else 'primary' end $$",
                "create table secrets (n int)", "create function writes(n int) returns int language sql volatile as $$ insert into secrets values (n) returning n $$",
                "create function writes_in_secret(n int) returns int language plpgsql stable as $$ begin perform writes(n); return n; end $$", "create function conflicts() returns int language plpgsql stable as $$ begin raise exception 'conflict' using errcode = '40001'; end $$",
                "create table log (k int primary key, v int)", "insert into log values (1, 0)");
        postgres.awaitReplayed(postgres.replica(0));
    }

    @Override
    public void afterAll(ExtensionContext context) {
        postgres.close();
    }

    ReplicatedPostgres postgres() {
        return postgres;
    }

    /// @param more lines of `proxy.conf`
    TestProxy proxy(String more) {
        return TestProxy.startAt("127.0.0.1:1", TestProxy.PLAIN_USERS, postgres.cluster() + "catalogue.refresh = 5m\n" + more);
    }

    /// The catalogue is asked for when the first client has been served, and positions are when somebody wants them; and where the replica has not
    /// answered in time the primary steps in.
    static void awaitReplica(Connection connection) {
        await().pollInterval(Duration.ofMillis(100)).until(() -> "replica".equals(TestProxy.value(connection, "select where_am_i()")));
    }
}
