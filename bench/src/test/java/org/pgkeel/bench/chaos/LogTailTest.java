package org.pgkeel.bench.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LogTailTest {
    @TempDir
    private Path folder;

    @Test
    void it_reads_what_was_added_since_it_was_last_asked() throws Exception {
        Path log = folder.resolve("log");
        var tail = new LogTail(log);
        assertThat(tail.read()).isEmpty();
        Files.writeString(log, "one\ntwo\n");
        assertThat(tail.read()).containsExactly("one", "two");
        Files.writeString(log, "three\n", StandardOpenOption.APPEND);
        assertThat(tail.read()).containsExactly("three");
        assertThat(tail.read()).isEmpty();
    }
}
