package org.pgkeel.proxy.embedded;

import static org.pgkeel.proxy.embedded.EmbeddedPostgresException.Reason.UNSUPPORTED_PLATFORM;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributeView;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// The operating system's account that servers run as. PostgreSQL refuses root, so root steps down to `postgres`, or to `nobody`
/// where there is no `postgres`; anybody else stays who they are. Immutable.
public sealed interface ServerAccount {
    /// The account of this process.
    record Own() implements ServerAccount {}

    /// Another account; this process is root.
    record Other(String user, String group) implements ServerAccount {}

    static ServerAccount pick() {
        if (!isRoot()) {
            return new Own();
        }
        if (program("setpriv").isEmpty()) {
            throw new EmbeddedPostgresException(UNSUPPORTED_PLATFORM,
                    "PostgreSQL refuses to run as root, and the program setpriv (util-linux) that would step down is missing. Run as an ordinary user.");
        }
        return Stream.of("postgres", "nobody")
                .flatMap(user -> groupOf(user).map(group -> new Other(user, group)).stream())
                .findFirst()
                .orElseThrow(() -> new EmbeddedPostgresException(UNSUPPORTED_PLATFORM,
                        "PostgreSQL refuses to run as root, and there is neither a user postgres nor a user nobody. Run as an ordinary user."));
    }

    default boolean isOther() {
        return this instanceof Other;
    }

    default String name() {
        return switch (this) {
            case Own _ -> System.getProperty("user.name");
            case Other(var user, _) -> user;
        };
    }

    /// The command as this account runs it: in a session of its own, so that Ctrl-C at the terminal reaches only us, and stopped (SIGINT,
    /// a fast shutdown) by the kernel when the thread that started it ends, so that nothing is left when we are killed. Both
    /// programs `exec`, so that the process id is the command's.
    default List<String> command(List<String> command) {
        List<String> line = new ArrayList<>();
        program("setsid").ifPresent(line::add);
        switch (this) {
            case Own _ -> program("setpriv").ifPresent(setpriv -> line.addAll(List.of(setpriv, "--pdeathsig", "INT", "--")));
            case Other(var user, var group) -> line.addAll(List.of(program("setpriv").orElse("setpriv"),
                    "--reuid=" + user, "--regid=" + group, "--init-groups", "--pdeathsig", "INT", "--"));
        }
        line.addAll(command);
        return line;
    }

    /// Gives one file or folder to this account.
    default void own(Path path) throws IOException {
        if (this instanceof Other(var user, var group)) {
            var lookup = path.getFileSystem().getUserPrincipalLookupService();
            var view = Files.getFileAttributeView(path, PosixFileAttributeView.class);
            view.setOwner(lookup.lookupPrincipalByName(user));
            view.setGroup(lookup.lookupPrincipalByGroupName(group));
        }
    }

    private static boolean isRoot() {
        try {
            return Files.getAttribute(Path.of("/proc/self"), "unix:uid").equals(0);
        } catch (IOException e) {
            return "root".equals(System.getProperty("user.name"));   // no /proc: macOS
        }
    }

    private static Optional<String> program(String name) {
        return Stream.of("/usr/bin/", "/bin/").map(folder -> folder + name).filter(path -> Files.isExecutable(Path.of(path))).findFirst();
    }

    private static Optional<String> groupOf(String user) {
        try {
            Process id = new ProcessBuilder("id", "-gn", user).redirectError(ProcessBuilder.Redirect.DISCARD).start();
            String group = new String(id.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
            return id.waitFor() == 0 ? Optional.of(group) : Optional.empty();
        } catch (IOException e) {
            return Optional.empty();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Optional.empty();
        }
    }
}
