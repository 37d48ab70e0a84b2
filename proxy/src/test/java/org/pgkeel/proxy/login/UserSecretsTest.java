package org.pgkeel.proxy.login;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.pgkeel.protocol.auth.ScramVerifier;
import org.pgkeel.protocol.wire.Octets;
import org.pgkeel.proxy.config.AuthConfig;
import org.pgkeel.proxy.config.Secret;

class UserSecretsTest {
    private static final String VERIFIER = ScramVerifier.derive("secret", Octets.ofText("0123456789abcdef"), 10_000).secret();

    private final List<CompletableFuture<Optional<StoredSecret>>> asked = new ArrayList<>();
    private final UserSecrets asking = new LoginHarness().user("filed", "x").query((_, _) -> {
        var answer = new CompletableFuture<Optional<StoredSecret>>();
        asked.add(answer);
        return answer;
    }).secrets();

    private static StoredSecret plain(String password) {
        return new StoredSecret.Plain(new Secret(password));
    }

    @Test
    void the_users_file_is_pgbouncers() {
        UsersFile file = UsersFile.parse("f", List.of("; comment", "# comment", "", "\"alice\" \"a \"\"quoted\"\" secret\"", "  \"b\"\"ob\"\t\"md5" + "0".repeat(32) + "\"  ",
                "\"carol\" \"" + VERIFIER + "\" more", "\"nobody\" \"\""));
        assertThat(file.secrets()).isEqualTo(Map.of("alice", plain("a \"quoted\" secret"), "b\"ob", new StoredSecret.Md5(new Secret("md5" + "0".repeat(32))),
                "carol", new StoredSecret.Scram(ScramVerifier.parse(VERIFIER).orElseThrow())));
    }

    /// Tokens of clouds are written where passwords are.
    @Test
    void a_secret_may_be_as_long_as_a_login_takes_it() {
        String token = "x\"\"".repeat(20_000);
        assertThat(UsersFile.parse("f", List.of("\"alice\" \"" + token + "\"")).secrets()).isEqualTo(Map.of("alice", plain(token.replace("\"\"", "\""))));
        assertThatThrownBy(() -> UsersFile.parse("f", List.of("\"alice\" \"" + token))).isInstanceOf(BrokenUsersFile.class);
    }

    @Test
    void broken_lines_are_named_and_not_quoted() {
        for (String line : List.of("alice hush", "\"alice\"", "\"alice\" hush", "\"alice\" \"hush", "\"\" \"hush\"", "\"alice\" \"SCRAM-SHA-256$hush\"", "\"first\" \"hush\"")) {
            assertThatThrownBy(() -> UsersFile.parse("f", List.of("\"first\" \"x\"", line)))
                    .isInstanceOf(BrokenUsersFile.class).hasMessageStartingWith("auth.users-file: f line 2: ").hasMessageNotContaining("hush");
        }
        assertThatThrownBy(() -> UsersFile.load(Path.of("/nowhere/users.txt"))).isInstanceOf(BrokenUsersFile.class).hasMessageContaining("/nowhere/users.txt");
    }

    @Test
    void secrets_show_nothing_of_themselves() {
        for (StoredSecret secret : List.of(plain("verysecret"), StoredSecret.of(VERIFIER), StoredSecret.of("md5" + "a".repeat(32)))) {
            assertThat(secret.toString()).doesNotContain("verysecret").doesNotContain("aaaa").doesNotContain("$");
        }
    }

    @Test
    void the_file_goes_before_the_query() {
        assertThat(asking.lookup("filed", "db").toCompletableFuture().join()).contains(plain("x"));
        assertThat(asked).isEmpty();
    }

    @Test
    void lookups_of_one_user_at_the_same_time_are_one_question_and_its_answer_is_kept() {
        var first = asking.lookup("alice", "db").toCompletableFuture();
        var second = asking.lookup("alice", "db").toCompletableFuture();
        var other = asking.lookup("alice", "other").toCompletableFuture();
        assertThat(asked).hasSize(2);
        asked.getFirst().complete(Optional.of(plain("y")));
        assertThat(first.join()).contains(plain("y")).isEqualTo(second.join());
        assertThat(other).isNotDone();
        assertThat(asking.lookup("alice", "db").toCompletableFuture().join()).contains(plain("y"));
        assertThat(asked).hasSize(2);
    }

    @Test
    void a_failed_question_is_asked_again() {
        var first = asking.lookup("alice", "db").toCompletableFuture();
        asked.getFirst().completeExceptionally(new IllegalStateException("down"));
        assertThat(first).isCompletedExceptionally();
        var second = asking.lookup("alice", "db").toCompletableFuture();
        assertThat(asked).hasSize(2);
        asked.getLast().complete(Optional.empty());
        assertThat(second.join()).isEmpty();
    }

    @Test
    void the_last_answer_counts_when_nobody_can_be_asked_any_more() {
        var reachable = new ArrayList<>(List.of(true));
        UserSecrets secrets = new LoginHarness().cacheFor(Duration.ZERO).query((_, _) -> reachable.isEmpty()
                ? CompletableFuture.failedStage(new IllegalStateException("down")) : CompletableFuture.completedStage(Optional.of(plain("y")))).secrets();
        assertThat(secrets.lookup("alice", "db").toCompletableFuture().join()).contains(plain("y"));
        reachable.clear();
        assertThat(secrets.lookup("alice", "db").toCompletableFuture().join()).contains(plain("y"));
        assertThat(secrets.lookup("bob", "db").toCompletableFuture()).isCompletedExceptionally();
    }

    @Test
    void the_last_answer_counts_behind_a_reload_too_if_the_same_is_asked() {
        LoginHarness harness = new LoginHarness().cacheFor(Duration.ZERO).query((_, _) -> CompletableFuture.completedStage(Optional.of(plain("y"))));
        AuthQuery down = (_, _) -> CompletableFuture.failedStage(new IllegalStateException("down"));
        UserSecrets before = harness.secrets();
        before.lookup("alice", "db").toCompletableFuture().join();
        assertThat(before.reloaded(harness.config(Optional.empty()), Optional.of(down)).lookup("alice", "db").toCompletableFuture().join()).contains(plain("y"));
        AuthConfig other = harness.cacheFor(Duration.ofSeconds(1)).config(Optional.empty());
        assertThat(before.reloaded(other, Optional.of(down)).lookup("alice", "db").toCompletableFuture()).isCompletedExceptionally();
    }

    @Test
    void plain_passwords_are_stretched_once_per_user() {
        UserSecrets secrets = new LoginHarness().user("alice", "x").secrets();
        ScramVerifier first = secrets.verifier("alice", Optional.of(plain("x"))).toCompletableFuture().join();
        assertThat(secrets.verifier("alice", Optional.of(plain("x"))).toCompletableFuture().join()).isSameAs(first);
        assertThat(first.matches("x")).isTrue();
        assertThat(secrets.verifier("alice", Optional.of(plain("y"))).toCompletableFuture().join().matches("y")).isTrue();
    }

    @Test
    void an_unknown_user_takes_no_more_work_than_most_others(@TempDir Path folder) throws IOException {
        assertThat(stretchesForUnknown(folder, List.of("\"a\" \"x\"", "\"b\" \"y\"", "\"c\" \"" + VERIFIER + "\""), new LoginHarness())).isTrue();
        assertThat(stretchesForUnknown(folder, List.of("\"a\" \"x\"", "\"b\" \"" + VERIFIER + "\"", "\"c\" \"" + VERIFIER + "\""), new LoginHarness())).isFalse();
        LoginHarness asking = new LoginHarness().query((_, _) -> CompletableFuture.completedStage(Optional.empty()));
        assertThat(stretchesForUnknown(folder, List.of("\"lookup\" \"x\""), asking)).as("the others are PostgreSQL's, with verifiers").isFalse();
    }

    private static boolean stretchesForUnknown(Path folder, List<String> users, LoginHarness harness) throws IOException {
        Path file = Files.write(folder.resolve("users.txt"), users);
        var worked = new AtomicInteger();
        UserSecrets secrets = UserSecrets.load(harness.config(Optional.of(file)), Optional.empty(), task -> {
            worked.incrementAndGet();
            task.run();
        });
        secrets.verifier("nobody", Optional.empty()).toCompletableFuture().join();
        return worked.get() > 0;
    }

    /// Whoever has proved nothing chooses them, as long as a startup packet has room for.
    @Test
    void long_names_take_the_room_of_many() {
        String padding = "n".repeat(9_000);
        UserSecrets secrets = new LoginHarness().user("alice", "x").query((_, _) -> {
            asked.add(CompletableFuture.completedFuture(Optional.empty()));
            return asked.getLast();
        }).secrets();
        for (int i = 0; i < 500; i++) secrets.lookup(i + padding, "db").toCompletableFuture().join();
        for (int i = 0; i < 500; i++) secrets.lookup(i + padding, "db").toCompletableFuture().join();
        assertThat(asked).hasSizeGreaterThan(900);

        List<ScramVerifier> first = IntStream.range(0, 150).mapToObj(i -> stretched(secrets, i + padding)).toList();
        List<ScramVerifier> again = IntStream.range(0, 150).mapToObj(i -> stretched(secrets, i + padding)).toList();
        assertThat(IntStream.range(0, 150).filter(i -> first.get(i) == again.get(i)).count()).isLessThan(75);
    }

    private static ScramVerifier stretched(UserSecrets secrets, String user) {
        return secrets.verifier(user, Optional.of(plain("x"))).toCompletableFuture().join();
    }

    @Test
    void an_unknown_user_has_the_iterations_of_the_others() {
        UserSecrets secrets = new LoginHarness().user("alice", VERIFIER).secrets();
        assertThat(secrets.verifier("bob", Optional.empty()).toCompletableFuture().join().iterations()).isEqualTo(10_000);
    }
}
