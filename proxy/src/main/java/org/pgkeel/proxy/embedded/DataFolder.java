package org.pgkeel.proxy.embedded;

import static org.pgkeel.proxy.embedded.EmbeddedPostgresException.Reason.DISK_FULL;
import static org.pgkeel.proxy.embedded.EmbeddedPostgresException.Reason.NOT_WRITABLE;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermission;

/// What a folder must be before servers may live in it: writable, roomy, reachable by the account they run as.
public final class DataFolder {
    private static final String HOW_TO_NAME = " (PGKEEL_HOME=DIR in place of ~/.pgkeel, --data DIR for the demo's data).";

    private DataFolder() {}

    /// PgKeel's own folder: `$PGKEEL_HOME`, else `~/.pgkeel`; where `account` cannot reach that, `/var/lib/pgkeel`.
    public static Path home(ServerAccount account) {
        String named = System.getenv("PGKEEL_HOME");
        if (named != null && !named.isBlank()) {
            return Path.of(named).toAbsolutePath();
        }
        String userHome = System.getenv().getOrDefault("HOME", System.getProperty("user.home"));
        Path own = Path.of(userHome, ".pgkeel").toAbsolutePath();
        return account.isOther() && !reachableByAll(own) ? Path.of("/var/lib/pgkeel") : own;
    }

    /// Makes the folder if it is not there, and makes sure that it can be used.
    public static Path prepare(Path folder, ServerAccount account) {
        try {
            Files.createDirectories(folder);
        } catch (IOException e) {
            throw broken(folder, e);
        }
        if (!Files.isDirectory(folder) || !Files.isWritable(folder)) {
            throw broken(folder, new IOException("not a folder that can be written"));
        }
        if (account.isOther() && !reachableByAll(folder)) {
            throw new EmbeddedPostgresException(NOT_WRITABLE, "PostgreSQL runs as the user " + account.name() + " (it refuses root), and that user cannot reach "
                    + folder + ". Run as an ordinary user, or name a folder whose parents everybody may enter, such as one in /var/lib" + HOW_TO_NAME);
        }
        return folder;
    }

    /// @throws EmbeddedPostgresException if the disk has less than `bytes` left
    static void requireSpace(Path folder, long bytes) {
        try {
            long left = Files.getFileStore(folder).getUsableSpace();
            if (left < bytes) {
                throw new EmbeddedPostgresException(DISK_FULL, "The disk of " + folder + " has " + (left >> 20) + " MiB left, and "
                        + (bytes >> 20) + " MiB are needed. Free some, or name a folder on another disk" + HOW_TO_NAME);
            }
        } catch (IOException e) {
            throw broken(folder, e);
        }
    }

    static EmbeddedPostgresException broken(Path folder, IOException e) {
        String message = String.valueOf(e.getMessage());
        return isDiskFull(message)
                ? new EmbeddedPostgresException(DISK_FULL, "The disk of " + folder + " is full. Free some space, or name a folder on another disk" + HOW_TO_NAME, e)
                : new EmbeddedPostgresException(NOT_WRITABLE, "Cannot write in " + folder + " (" + e.getClass().getSimpleName() + ": " + message
                        + "). Make it writable, or name another folder" + HOW_TO_NAME, e);
    }

    static boolean isDiskFull(String message) {
        return message.contains("No space left on device") || message.contains("Disk quota exceeded");
    }

    /// Deletes a folder and all in it, and follows no links.
    public static void delete(Path folder) {
        try {
            Files.walkFileTree(folder, new VanishingFiles() {
                @Override
                public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                    Files.deleteIfExists(file);
                    return FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult postVisitDirectory(Path dir, @org.jspecify.annotations.Nullable IOException e) throws IOException {
                    if (e != null) {
                        throw e;
                    }
                    Files.deleteIfExists(dir);
                    return FileVisitResult.CONTINUE;
                }
            });
        } catch (IOException e) {
            throw new UncheckedIOException("cannot delete " + folder, e);
        }
    }

    /// Whether everybody may enter the folder's parents, as far as they exist.
    private static boolean reachableByAll(Path folder) {
        for (Path at = folder.toAbsolutePath().getParent(); at != null; at = at.getParent()) {
            try {
                if (Files.exists(at) && !Files.getPosixFilePermissions(at).contains(PosixFilePermission.OTHERS_EXECUTE)) {
                    return false;
                }
            } catch (IOException e) {
                return false;
            }
        }
        return true;
    }
}
