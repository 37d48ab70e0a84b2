package org.pgkeel.bench.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ProxyLogTest {
    private static final String REFUSED = "2026-11-25 09:42:04.434 INFO  [pgkeel-loop-1-1] ClientLogin: login refused: user \"ERROR \"\n";
    private static final String BUG = "2026-11-25 09:42:04.435 ERROR [pgkeel-loop-1-1] ClientSession: client /127.0.0.1:33698: closed after a bug";

    @TempDir
    private Path folder;
    private Path file;
    private ProxyLog log;

    @BeforeEach
    void open() throws IOException {
        file = Files.createFile(folder.resolve("log"));
        log = new ProxyLog(file);
    }

    @Test
    void what_clients_do_wrong_is_no_bug() throws IOException {
        write(REFUSED);

        assertThat(log.nextBug()).isEmpty();
    }

    @Test
    void a_line_of_level_error_is_found_with_its_stack_wherever_it_stands() throws IOException {
        String stack = "\njava.lang.IllegalStateException: no lease\n\tat somewhere";
        write(REFUSED.repeat(20_000) + BUG + stack + "\n" + REFUSED);

        assertThat(log.nextBug()).hasValue(BUG + stack);
    }

    @Test
    void a_line_is_judged_when_it_is_whole() throws IOException {
        write(REFUSED + BUG.substring(0, 40));
        assertThat(log.nextBug()).isEmpty();

        write(BUG.substring(40) + "\n");
        assertThat(log.nextBug()).hasValue(BUG);
    }

    @Test
    void a_bug_is_told_once() throws IOException {
        write(BUG + "\n");
        log.nextBug();
        write(REFUSED);

        assertThat(log.nextBug()).isEmpty();
    }

    @Test
    void a_thread_that_ended_by_an_exception_is_a_bug() throws IOException {
        write("Exception in thread \"pgkeel-loop-1-1\" java.lang.OutOfMemoryError: Java heap space\n");

        assertThat(log.nextBug()).isPresent();
    }

    private void write(String text) throws IOException {
        Files.writeString(file, text, StandardOpenOption.APPEND);
    }
}
