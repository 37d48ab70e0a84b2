package org.pgkeel.bench.chaos;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// What has been added to a log since it was last looked at.
///
/// Threading: confined to one thread.
final class LogTail {
    private final Path log;
    private long position;

    LogTail(Path log) {
        this.log = log;
    }

    List<String> read() throws IOException {
        if (!Files.exists(log)) return List.of();
        try (var file = new RandomAccessFile(log.toFile(), "r")) {
            byte[] added = new byte[(int) Math.max(0, file.length() - position)];
            file.seek(position);
            file.readFully(added);
            position += added.length;
            return new String(added, StandardCharsets.UTF_8).lines().toList();
        }
    }
}
