package org.pgkeel.proxy.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SecretsTest {
    private static final String DATABASE = ConfigFolder.MINIMAL + "databases.app { user = app, %s }\n";

    @TempDir
    Path temporary = Path.of("");
    private ConfigFolder folder = new ConfigFolder(temporary);

    @BeforeEach
    void use_the_folder() {
        folder = new ConfigFolder(temporary);
    }

    @Test
    void a_password_file_is_read_without_its_line_end() {
        folder.with("app.secret", "hush now\n");

        assertThat(password(folder.load(DATABASE.formatted("password-file = app.secret")))).isEqualTo("hush now");
    }

    @Test
    void blanks_at_the_end_of_a_password_file_are_the_passwords() {
        folder.with("app.secret", "hush \t\r\n");

        assertThat(password(folder.load(DATABASE.formatted("password-file = app.secret")))).isEqualTo("hush \t");
    }

    @Test
    void a_password_of_digits_is_taken_as_it_is_written() {
        assertThat(password(folder.load(DATABASE.formatted("password = 0042")))).isEqualTo("0042");
        assertThat(password(folder.load(DATABASE.formatted("password = 12345678901234567890")))).isEqualTo("12345678901234567890");
        assertThat(password(folder.load(DATABASE.formatted("password = 1e3")))).isEqualTo("1e3");
    }

    @Test
    void a_password_comes_from_the_environment_without_a_warning() {
        ConfigResult result = folder.load(DATABASE.formatted("password = ${PGPASS_APP}"), Map.of("PGPASS_APP", "hush"));

        assertThat(password(result)).isEqualTo("hush");
        assertThat(result.warnings()).isEmpty();
    }

    @Test
    void a_password_in_the_file_works_and_is_warned_about() {
        ConfigResult result = folder.load(DATABASE.formatted("password = hush"));

        assertThat(password(result)).isEqualTo("hush");
        assertThat(result.warnings()).extracting(folder::shortened)
                .containsExactly("proxy.conf:4: databases.app.password: the secret stands in the file; password-file or an environment variable keeps it out");
    }

    @Test
    void no_secret_is_shown_anywhere() {
        folder.with("app.secret", "hush\n");

        ConfigResult.Loaded loaded = ConfigFolder.fine(folder.load(DATABASE.formatted("password = hush")));
        ConfigResult.Loaded fromFile = ConfigFolder.fine(folder.load(DATABASE.formatted("password-file = app.secret")));

        assertThat(loaded.effective().render()).contains("databases.app.password = ***").doesNotContain("hush");
        assertThat(loaded + "" + fromFile).doesNotContain("hush");
    }

    @Test
    void a_password_that_is_not_usable_is_a_problem_that_does_not_show_it() {
        folder.with("empty.secret", "\n");

        assertThat(folder.problems(DATABASE.formatted("password { hush = 1 }"))).containsExactly("proxy.conf:4: databases.app.password: expected a text that is not empty");
        assertThat(folder.problems(DATABASE.formatted("password-file = none"))).containsExactly("proxy.conf:4: databases.app.password-file: no such file: none");
        assertThat(folder.problems(DATABASE.formatted("password-file = empty.secret"))).containsExactly("proxy.conf:4: databases.app.password-file: empty.secret is empty");
        assertThat(folder.problems(DATABASE.formatted("password = hush, password-file = empty.secret"))).hasSize(2).noneMatch(problem -> problem.contains("hush"));
        assertThat(folder.problems(ConfigFolder.MINIMAL + "databases.app { password = hush }\n")).singleElement().asString().contains("has no effect without user").doesNotContain("hush");
    }

    private static String password(ConfigResult result) {
        Optional<Secret> secret = ConfigFolder.fine(result).config().databases().getFirst().backendPassword();
        return secret.map(Secret::reveal).orElse("none");
    }
}
