package org.pgkeel.proxy.large;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.pgkeel.proxy.embedded.DataFolder;
import org.pgkeel.proxy.embedded.ServerSettings;
import org.pgkeel.proxy.postgres.PostgresFixture;

/// A proxy in a JVM of its own, with the kinds of limits that its launcher sets, but tight ones. Threading: any.
public final class ProxyProcess implements AutoCloseable {
    private static final List<String> OPTIONS = List.of("-XX:+UseSerialGC", "-Xmx96m", "-Xmn4m", "-XX:MaxDirectMemorySize=96m", "-XX:+ExitOnOutOfMemoryError",
            "--enable-native-access=ALL-UNNAMED", "--sun-misc-unsafe-memory-access=allow", "-Dio.netty.allocator.maxOrder=7");
    private static final Duration START = Duration.ofSeconds(120);

    private final Path folder;
    private final Process process;
    private final int port;

    private ProxyProcess(Path folder, Process process, int port) {
        this.folder = folder;
        this.process = process;
        this.port = port;
    }

    static ProxyProcess start(PostgresFixture postgres) throws IOException {
        return start(postgres, "admin.port = -1");
    }

    /// Listening, with one event loop: whatever one client costs, all others wait for.
    /// @param more lines of its `proxy.conf`
    /// @param jvm options beside those of all
    public static ProxyProcess start(PostgresFixture postgres, String more, String... jvm) throws IOException {
        Path folder = Files.createTempDirectory("pgkeel-large-");
        int port = ServerSettings.freePort();
        Path users = Files.writeString(folder.resolve("users.txt"), "\"%s\" \"%s\"\n".formatted(PostgresFixture.APP_USER, PostgresFixture.APP_PASSWORD));
        Path config = Files.writeString(folder.resolve("proxy.conf"), """
                listen { address = "127.0.0.1", port = %d }
                clusters { main { nodes = ["%s:%d"] } }
                databases { "*" { cluster = main, pool { max = 4 } } }
                auth { users-file = "%s" }
                runtime.event-loops = 1
                %s
                """.formatted(port, postgres.host(), postgres.port(), users, more));
        var command = new ArrayList<String>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(OPTIONS);
        command.addAll(List.of(jvm));
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), "org.pgkeel.proxy.Main", "run", "--config", config.toString()));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(folder.resolve("log").toFile()).start();
        var proxy = new ProxyProcess(folder, process, port);
        try {
            await("the proxy listens").atMost(START).ignoreExceptionsInstanceOf(IOException.class).until(() -> {
                if (!process.isAlive()) throw new AssertionError("the proxy ended: " + proxy.log());
                new Socket().connect(new InetSocketAddress("127.0.0.1", port));
                return true;
            });
        } catch (RuntimeException | Error e) {
            proxy.close();
            throw e;
        }
        return proxy;
    }

    public int port() {
        return port;
    }

    /// The most memory that it has held, as the kernel counts it: heap, buffers and code.
    long residentBytesMax() throws IOException {
        for (String line : Files.readAllLines(Path.of("/proc/" + process.pid() + "/status"))) {
            if (line.startsWith("VmHWM:")) return Long.parseLong(line.replaceAll("\\D", "")) << 10;
        }
        throw new IOException("no VmHWM in /proc/" + process.pid() + "/status");
    }

    public String log() throws IOException {
        return Files.readString(folder.resolve("log"));
    }

    /// As the kernel does it when memory is short; returns when it is gone.
    public void kill() {
        process.destroyForcibly().onExit().join();
    }

    @Override
    public void close() {
        kill();
        DataFolder.delete(folder);
    }
}
