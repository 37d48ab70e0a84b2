package org.pgkeel.bench.fuzz;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Follows what a proxy writes about itself, in search of its own bugs: a line of level ERROR (Netty's report of a leaked buffer is one), or a
/// thread that ended by an exception. What a client did wrong is logged below that level.
///
/// Threading: confined to one thread.
final class ProxyLog {
    /// With the lines of its stack that follow.
    private static final Pattern BUG = Pattern.compile("^(?:\\S+ \\S+ ERROR |Exception in thread |java\\.lang\\.OutOfMemoryError).*(?:\n(?!\\d{4}-).+){0,25}",
            Pattern.MULTILINE);
    private static final int CHUNK_BYTES = 1 << 20;

    private final Path file;
    private long read;
    private String unfinished = "";

    /// @param file may grow, is never cut
    ProxyLog(Path file) {
        this.file = file;
    }

    /// Reads on from where it stopped last.
    /// @return the first line that tells of a bug, and its stack
    /// @throws IOException if the file cannot be read
    Optional<String> nextBug() throws IOException {
        try (FileChannel channel = FileChannel.open(file)) {
            ByteBuffer chunk = ByteBuffer.allocate(CHUNK_BYTES);
            while (channel.read(chunk.clear(), read) > 0) {
                read += chunk.position();
                // One byte a character: a line is judged by ASCII alone, and a chunk may end within a character.
                String text = unfinished + new String(chunk.array(), 0, chunk.position(), StandardCharsets.ISO_8859_1);
                int end = text.lastIndexOf('\n') + 1;
                unfinished = text.substring(end);
                Matcher bug = BUG.matcher(text).region(0, end);
                if (bug.find()) return Optional.of(bug.group());
            }
            return Optional.empty();
        }
    }
}
