package org.pgkeel.bench.cluster;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.UserPrincipal;
import java.util.ArrayList;
import java.util.List;

/// PostgreSQL and PgBouncer refuse to run as root. Called by root, they run as the user `postgres` (or `nobody`);
/// `setpriv` becomes the command, so the process id stays the one that was started.
final class Unprivileged {
    private final String user;

    Unprivileged() throws IOException {
        user = !"root".equals(System.getProperty("user.name")) ? "" : exists("postgres") ? "postgres" : "nobody";
    }

    List<String> command(List<String> command) {
        if (user.isEmpty()) return command;
        var all = new ArrayList<>(List.of("setpriv", "--reuid=" + user, "--regid=" + (user.equals("nobody") ? "nogroup" : user), "--clear-groups"));
        all.addAll(command);
        return all;
    }

    /// Makes a folder with all it holds that user's own.
    void own(Path folder) throws IOException {
        if (user.isEmpty()) return;
        UserPrincipal principal = folder.getFileSystem().getUserPrincipalLookupService().lookupPrincipalByName(user);
        Files.walkFileTree(folder, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path path, BasicFileAttributes attributes) throws IOException {
                Files.setOwner(path, principal);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(Path path, BasicFileAttributes attributes) throws IOException {
                if (!attributes.isSymbolicLink()) Files.setOwner(path, principal);
                return FileVisitResult.CONTINUE;
            }
        });
    }

    private static boolean exists(String name) throws IOException {
        return Files.readAllLines(Path.of("/etc/passwd")).stream().anyMatch(line -> line.startsWith(name + ":"));
    }
}
