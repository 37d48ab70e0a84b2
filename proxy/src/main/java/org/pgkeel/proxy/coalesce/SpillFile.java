package org.pgkeel.proxy.coalesce;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import java.util.UUID;
import org.slf4j.LoggerFactory;

/// A file for bytes that nobody needs after this process. Threading: confined to one thread, which it may block.
interface SpillFile {
    /// Of the names that files have for a moment; a UUID follows.
    String PREFIX = "pgkeel-spill-";

    void write(ByteBuffer bytes, long at) throws IOException;

    /// Fills the buffer.
    void read(ByteBuffer into, long at) throws IOException;

    /// Its bytes are gone.
    void close() throws IOException;

    /// Opens one.
    interface Opener {
        SpillFile open() throws IOException;
    }

    /// Deletes a file.
    interface Deleter {
        void delete(Path file) throws IOException;
    }

    private static void deleteLeftOvers(Path folder, Deleter deleter) {
        try (DirectoryStream<Path> left = Files.newDirectoryStream(folder, PREFIX + "????????-????-????-????-????????????")) {
            for (Path each : left) if (Files.isRegularFile(each, LinkOption.NOFOLLOW_LINKS)) delete(each, deleter);
        } catch (IOException | DirectoryIteratorException unread) {
            LoggerFactory.getLogger(SpillFile.class).debug("spill: {} cannot be looked through for files that were left: {}", folder, unread.toString());
        }
    }

    /// What cannot be deleted is in nobody's way.
    private static void delete(Path file, Deleter deleter) {
        try {
            deleter.delete(file);
        } catch (IOException undeletable) {
            LoggerFactory.getLogger(SpillFile.class).debug("spill: {} stays: {}", file, undeletable.toString());
        }
    }

    /// A file of its owner alone, that has no name as soon as it is open: whatever becomes of the process, the disk gets its room back.
    /// A process that was killed just then has left a name: it is deleted, which does not harm the file of a process that lives.
    static SpillFile in(Path folder) throws IOException {
        return in(folder, Files::deleteIfExists);
    }

    /// @param deleter of what was left
    static SpillFile in(Path folder, Deleter deleter) throws IOException {
        deleteLeftOvers(folder, deleter);
        var owner = PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));
        FileChannel channel = FileChannel.open(folder.resolve(PREFIX + UUID.randomUUID()),
                Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.DELETE_ON_CLOSE), owner);
        return new SpillFile() {
            @Override
            public void write(ByteBuffer bytes, long at) throws IOException {
                long to = at;
                while (bytes.hasRemaining()) to += channel.write(bytes, to);
            }

            @Override
            public void read(ByteBuffer into, long at) throws IOException {
                long from = at;
                while (into.hasRemaining()) {
                    int count = channel.read(into, from);
                    if (count < 0) throw new EOFException("the file ends at " + from);
                    from += count;
                }
            }

            @Override
            public void close() throws IOException {
                channel.close();
            }
        };
    }
}
