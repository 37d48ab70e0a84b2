package org.pgkeel.proxy.command;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ExplainCommandTest {
    @TempDir
    Path folder = Path.of("");

    private CommandRun explain(String routing, String... more) throws IOException {
        Path file = Files.writeString(folder.resolve("proxy.conf"), """
                clusters { main { nodes = ["db1:5432"] } }
                databases { "*" {} }
                auth { method = trust }
                """ + routing);
        List<String> arguments = new ArrayList<>(List.of("explain", "--config", file.toString(), "--database", "d"));
        arguments.addAll(List.of(more));
        CommandRun run = CommandRun.of(arguments.toArray(String[]::new));
        return new CommandRun(run.exitCode(), run.out().replace(folder + "/", ""), run.err().replace(folder + "/", ""));
    }

    private static final String RULES = """
            routing = [
              { name = reports, when { user = report_ro }, to = replica, consistency = eventual }
              { name = night, when { time = "22:00-06:00", client-address = "10.0.0.0/8" }, to = primary }
              { name = reads, when { statement = read }, to = replica, max-lag = 5s, tags { zone = west } }
            ]
            """;

    @Test
    void it_says_which_rule_fits_and_why_no_earlier_one_does() throws IOException {
        CommandRun run = explain(RULES, "--user", "app", "--client-address", "10.1.1.1", "--time", "12:00", "select lower(name) from public.t");

        assertThat(run.exitCode()).isEqualTo(ExitCode.OK);
        assertThat(run.out()).isEqualTo("""
                statement  read
                because    it can only read
                relations  public.t
                functions  lower
                rule       reports (proxy.conf:5) does not fit: user is app, wanted report_ro
                rule       night (proxy.conf:6) does not fit: time is 12:00, wanted 22:00-06:00
                rule       reads (proxy.conf:7) fits
                goes to    replica, role replica, tags zone = west, at most 5000 ms old, consistency session; or else primary
                """);
    }

    @Test
    void it_names_the_word_that_makes_a_write() throws IOException {
        CommandRun run = explain(RULES, "--user", "app", "--time", "12:00", "select nextval('s')");

        assertThat(run.out()).startsWith("statement  write\nbecause    nextval: the function is volatile, or something that it rests on is\n")
                .contains("reads (proxy.conf:7) does not fit: statement is write, wanted read").endsWith("goes to    primary, no rule fits\n");
        assertThat(explain(RULES, "--user", "app", "--client-address", "10.1.1.1", "--time", "23:00", "delete from t").out()).endsWith("night (proxy.conf:6) fits\ngoes to    primary\n");
    }

    @Test
    void without_rules_everything_goes_to_the_primary() throws IOException {
        assertThat(explain("", "--user", "app", "select 1").out()).endsWith("rules      none: everything goes to the primary\n");
    }

    @Test
    void what_is_wrong_is_said() throws IOException {
        assertThat(explain("routing = [ {} ]", "--user", "app", "select 1").exitCode()).isEqualTo(ExitCode.CONFIG);
        CommandRun address = explain(RULES, "--user", "app", "--client-address", "db1", "select 1");
        assertThat(address.exitCode()).isEqualTo(ExitCode.USAGE);
        assertThat(address.err()).isEqualTo("error: --client-address: 'db1' is no address\n");
    }
}
