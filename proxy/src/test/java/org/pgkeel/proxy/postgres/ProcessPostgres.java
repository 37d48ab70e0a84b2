package org.pgkeel.proxy.postgres;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import org.pgkeel.proxy.embedded.DataFolder;
import org.pgkeel.proxy.embedded.PostgresServer;
import org.pgkeel.proxy.embedded.PostgresTree;
import org.pgkeel.proxy.embedded.ServerAccount;
import org.pgkeel.proxy.embedded.ServerSettings;

/// A PostgreSQL as processes of this machine. Its folder goes away with it. Threading: any.
final class ProcessPostgres implements PostgresFixture {
    private static final List<String> CERTIFICATE_FILES = List.of("ca.crt", "server.crt", "server.key");

    private final Provider provider;
    private final Path folder;
    private final PostgresServer server;
    private final TestCertificates certificates;
    private final List<PostgresFixture> standbys = new ArrayList<>();
    private final Thread atExit = new Thread(this::closeAll, "stop test PostgreSQL");

    private ProcessPostgres(Provider provider, Path folder, PostgresServer server, TestCertificates certificates) {
        this.provider = provider;
        this.folder = folder;
        this.server = server;
        this.certificates = certificates;
        Runtime.getRuntime().addShutdownHook(atExit);
    }

    static PostgresFixture start(Provider provider, PostgresTree tree, ServerAccount account, FixtureOptions options) {
        try {
            Path folder = Files.createTempDirectory("pgkeel-test-");
            Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
            Path certificateFolder = Files.createDirectory(folder.resolve("certificates"));
            TestCertificates certificates = TestCertificates.create(certificateFolder);
            var settings = new ServerSettings("127.0.0.1", ServerSettings.freePort(), SUPERUSER, SUPERUSER_PASSWORD, options.allParameters(), options.allHba());
            var server = new PostgresServer(tree, account, folder.resolve("primary"), settings).initialise();
            for (String file : CERTIFICATE_FILES) {
                Path copy = Files.copy(certificateFolder.resolve(file), server.data().resolve(file), StandardCopyOption.COPY_ATTRIBUTES);
                account.own(copy);
            }
            server.start();
            return FixtureUsers.in(new ProcessPostgres(provider, folder, server, certificates));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public Provider provider() {
        return provider;
    }

    @Override
    public String host() {
        return server.settings().address();
    }

    @Override
    public int port() {
        return server.settings().port();
    }

    @Override
    public TestCertificates certificates() {
        return certificates;
    }

    @Override
    public void kill() {
        server.kill();
    }

    @Override
    public void stop() {
        server.stop();
    }

    @Override
    public void startAgain() {
        server.start();
    }

    @Override
    public void freeze() {
        server.freeze();
    }

    @Override
    public void thaw() {
        server.thaw();
    }

    @Override
    public synchronized PostgresFixture standby() {
        Path standbyFolder = folder.resolve("standby" + (standbys.size() + 1));
        PostgresServer replica = server.replicate(standbyFolder, ServerSettings.freePort());
        replica.start();
        var standby = new ProcessPostgres(provider, standbyFolder, replica, certificates);
        standbys.add(standby);
        return standby;
    }

    @Override
    public void close() {
        Runtime.getRuntime().removeShutdownHook(atExit);
        closeAll();
    }

    private synchronized void closeAll() {
        standbys.forEach(PostgresFixture::close);
        server.kill();   // nothing here is worth a checkpoint
        DataFolder.delete(folder);
    }
}
