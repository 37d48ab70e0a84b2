package org.pgkeel.proxy.embedded;

import static org.pgkeel.proxy.embedded.EmbeddedPostgresException.Reason.SERVER_FAILED;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Set;

/// Copies a running server into a standby with PostgreSQL's low-level backup functions; the trees from Maven Central have no
/// `pg_basebackup`. The session that starts the backup stays open until it is stopped.
/// <https://www.postgresql.org/docs/current/continuous-archiving.html#BACKUP-LOWLEVEL-BASE-BACKUP>
record BaseBackup(PostgresServer primary, PostgresServer replica, ServerAccount account) {
    private static final Set<String> FILES_LEFT_OUT = Set.of("postmaster.pid", "postmaster.opts", "standby.signal", "backup_label");
    /// Of these only the folder itself is copied (and of `pg_wal` its folders): the replica streams the rest.
    private static final Set<String> FOLDERS_LEFT_EMPTY = Set.of("pg_wal", "pg_replslot");

    void take() {
        Path into = replica.data();
        DataFolder.prepare(replica.folder(), account);
        DataFolder.delete(into);
        try (Connection connection = primary.connect("postgres"); Statement statement = connection.createStatement()) {
            reserveWal(statement);
            statement.execute("select pg_backup_start('pgkeel', true)");
            copy(primary.data(), into);
            try (ResultSet result = statement.executeQuery("select labelfile from pg_backup_stop(false)")) {
                result.next();
                write(into.resolve("backup_label"), result.getString(1));
            }
            write(into.resolve("standby.signal"), "");
            account.own(replica.folder());
        } catch (SQLException e) {
            throw new EmbeddedPostgresException(SERVER_FAILED, "The base backup of the primary in " + primary.folder() + " failed: " + e.getMessage(), e);
        } catch (IOException e) {
            throw DataFolder.broken(replica.folder(), e);
        }
    }

    private void reserveWal(Statement statement) throws SQLException {
        String slot = replica.slotName();
        statement.execute("select pg_drop_replication_slot(slot_name) from pg_replication_slots where slot_name = '" + slot + "'");
        statement.execute("select pg_create_physical_replication_slot('" + slot + "', true)");
    }

    private void write(Path file, String text) throws IOException {
        Files.writeString(file, text);
        account.own(file);
    }

    /// Files that vanish meanwhile are no loss: the write-ahead log says that they were removed.
    private void copy(Path from, Path into) throws IOException {
        Files.walkFileTree(from, new VanishingFiles() {
            @Override
            public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) throws IOException {
                boolean slot = folder.getParent().getFileName().toString().equals("pg_replslot");
                if (slot) {
                    return FileVisitResult.SKIP_SUBTREE;
                }
                Path target = into.resolve(from.relativize(folder));
                Files.createDirectory(target);
                Files.setPosixFilePermissions(target, Files.getPosixFilePermissions(folder));
                account.own(target);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                Path relative = from.relativize(file);
                boolean leftOut = FILES_LEFT_OUT.contains(relative.toString()) || FOLDERS_LEFT_EMPTY.contains(relative.getName(0).toString());
                if (!leftOut) {
                    try {
                        Path target = into.resolve(relative);
                        Files.copy(file, target, StandardCopyOption.COPY_ATTRIBUTES);
                        account.own(target);
                    } catch (NoSuchFileException e) {
                        return FileVisitResult.CONTINUE;
                    }
                }
                return FileVisitResult.CONTINUE;
            }
        });
    }
}
