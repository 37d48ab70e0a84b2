package org.pgkeel.proxy.command;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.pgkeel.proxy.embedded.DataFolder;
import org.pgkeel.proxy.embedded.ServerAccount;

class TrainCommandTest {
    private static final Pattern DONE = Pattern.compile("(\\d+) transactions, and (\\d+) more behind a failover");

    @Test
    void clients_work_through_a_failover_and_nothing_is_left() {
        CommandRun run = CommandRun.of("train");
        assertThat(run.exitCode()).as(run.err()).isEqualTo(ExitCode.OK);
        assertThat(DONE.matcher(run.err()).results()).as(run.err()).singleElement().satisfies((MatchResult done) -> {
            assertThat(Integer.parseInt(done.group(1))).isPositive();
            assertThat(Integer.parseInt(done.group(2))).isPositive();
        });
        assertThat(DataFolder.home(ServerAccount.pick()).resolve("train-" + ProcessHandle.current().pid())).doesNotExist();
    }
}
