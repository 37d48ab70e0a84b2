package org.pgkeel.proxy.settings;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.pgkeel.protocol.backend.TransactionStatus;
import org.pgkeel.proxy.postgres.PostgresFixture;
import org.pgkeel.proxy.postgres.SharedPostgres;
import org.pgkeel.proxy.settings.RawConnection.Reply;
import org.pgkeel.proxy.statement.Dialect;
import org.pgkeel.proxy.statement.Statement;
import org.pgkeel.proxy.statement.Statements;

/// Clients that change their settings at random share backends by means of trackers and diffs. Each has a connection of its
/// own beside, on which it says the same: both must answer the same and end with the same settings.
class SettingsAgainstPostgresTest {
    private static final int STEPS = 500;

    private final PostgresFixture postgres = SharedPostgres.get();

    /// A backend that clients share.
    private static final class Backend {
        final RawConnection connection;
        Settings applied = Settings.NONE;
        boolean leased;

        Backend(PostgresFixture postgres) {
            connection = new RawConnection(postgres, Map.of());
        }
    }

    private final class Client {
        final RawConnection own;
        final SettingsTracker tracker;
        @Nullable Backend backend;
        TransactionStatus status = TransactionStatus.IDLE;

        Client(Map<String, String> startup, SettingsInterner interner) {
            own = new RawConnection(postgres, startup);
            tracker = new SettingsTracker(((StartupSettings.Understood) StartupSettings.of(startup)).settings(), interner);
        }

        void step(List<String> statements, boolean pipeline, List<Backend> backends, Random random) {
            if (backend == null) {
                List<Backend> free = backends.stream().filter(candidate -> !candidate.leased).toList();
                backend = free.get(random.nextInt(free.size()));
                backend.leased = true;
                tracker.lease(backend.applied);
            }
            sync();
            List<Reply> expected = pipeline ? own.pipeline(statements) : own.query(String.join(";", statements));
            List<Reply> given = pipeline
                    ? backend.connection.pipeline(statements)
                    : backend.connection.query(String.join(";", statements));
            assertThat(outcomes(given)).as("replies").isEqualTo(outcomes(expected));
            follow(Statements.parse(String.join(";", statements), Dialect.USUAL), given);
            if (status != TransactionStatus.FAILED) {
                sync();
                assertThat(settings(backend.connection)).isEqualTo(settings(own));
            }
            if (status == TransactionStatus.IDLE) {
                assertThat(tracker.pending()).isFalse();
                assertThat(tracker.localTouched()).isFalse();
                backend.applied = tracker.release();
                backend.leased = false;
                backend = null;
            }
        }

        private void sync() {
            if (status == TransactionStatus.FAILED || tracker.inStep()) {
                return;
            }
            String sql = status == TransactionStatus.IDLE
                    ? SettingsDiff.sql(tracker.applied(), tracker.desired())
                    : SettingsDiff.statements(tracker.applied(), tracker.desired());
            List<Reply> replies = backend.connection.query(sql);
            assertThat(replies).as(sql).endsWith(new Reply.Ready(status)).noneMatch(Reply.Failed.class::isInstance);
            tracker.synced();
        }

        private void follow(List<Statement> statements, List<Reply> replies) {
            int next = 0;
            for (Reply reply : replies) {
                switch (reply) {
                    case Reply.Complete(String tag) -> tracker.completed(statements.get(next++).effects(), tag);
                    case Reply.Failed _ -> tracker.error();
                    case Reply.Parameter(String name, String value) -> tracker.parameterStatus(name, value);
                    case Reply.Ready(TransactionStatus newStatus) -> {
                        status = newStatus;
                        tracker.readyForQuery(newStatus);
                    }
                    case Reply.Row _ -> { }
                }
            }
        }
    }

    private static List<Reply> outcomes(List<Reply> replies) {
        return replies.stream().filter(reply -> !(reply instanceof Reply.Parameter) && !(reply instanceof Reply.Row)).toList();
    }

    private static List<Reply> settings(RawConnection connection) {
        List<Reply> replies = connection.query(RandomSettings.SHOW_ALL);
        return replies.stream().filter(Reply.Row.class::isInstance).toList();
    }

    @Test void clients_that_share_backends_see_their_own_settings_and_no_others() {
        long seed = Long.getLong("pgkeel.seed", System.nanoTime());
        System.out.println("SettingsAgainstPostgresTest: -Dpgkeel.seed=" + seed);
        Random random = new Random(seed);
        SettingsInterner interner = new SettingsInterner(64);
        List<Backend> backends = List.of(new Backend(postgres), new Backend(postgres));
        List<Client> clients = List.of(
                new Client(Map.of("TimeZone", "Asia/Tokyo", "options", "-c work_mem=3MB -c search_path=a,\"B\""), interner),
                new Client(Map.of("application_name", "it's \\ one", "DateStyle", "German"), interner));
        List<String> log = new ArrayList<>();
        try {
            for (int i = 0; i < STEPS; i++) {
                int who = random.nextInt(clients.size());
                Client client = clients.get(who);
                boolean pipeline = random.nextInt(4) == 0;
                List<String> statements = RandomSettings.statements(random, client.status);
                log.add(who + (pipeline ? " pipeline: " : ": ") + String.join("; ", statements));
                client.step(statements, pipeline, backends, random);
            }
        } catch (AssertionError | RuntimeException e) {
            throw new AssertionError("seed " + seed + ", step " + log.size() + ", last steps:\n"
                    + String.join("\n", log.subList(Math.max(0, log.size() - 30), log.size())), e);
        } finally {
            backends.forEach(backend -> backend.connection.close());
            clients.forEach(client -> client.own.close());
        }
    }

    @Test void a_diff_changes_who_the_session_is_and_what_only_a_superuser_may_change() throws SQLException {
        Settings app = Settings.of(Map.of("session_authorization", "app", "role", "app", "log_min_messages", "error"));
        Settings role = Settings.of(Map.of("role", "md5user", "log_min_messages", "panic", "work_mem", "5MB"));
        try (Connection connection = postgres.connect(PostgresFixture.DATABASE, PostgresFixture.SUPERUSER,
                PostgresFixture.SUPERUSER_PASSWORD); java.sql.Statement statement = connection.createStatement()) {
            statement.execute(SettingsDiff.sql(Settings.NONE, app));
            assertThat(identity(statement)).isEqualTo("app app app error 4MB");
            statement.execute(SettingsDiff.sql(app, role));
            assertThat(identity(statement)).isEqualTo("postgres md5user md5user panic 5MB");
            statement.execute(SettingsDiff.sql(role, role.with("work_mem", "6MB")));
            assertThat(identity(statement)).isEqualTo("postgres md5user md5user panic 6MB");
            statement.execute(SettingsDiff.sql(role, Settings.NONE));
            assertThat(identity(statement)).isEqualTo("postgres postgres none warning 4MB");
        }
    }

    private static String identity(java.sql.Statement statement) throws SQLException {
        try (ResultSet rows = statement.executeQuery("select concat_ws(' ', session_user, current_user, "
                + "current_setting('role'), current_setting('log_min_messages'), current_setting('work_mem'))")) {
            rows.next();
            return rows.getString(1);
        }
    }
}
