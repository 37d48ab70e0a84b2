package org.pgkeel.proxy.server;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.pgkeel.proxy.config.ProxyConfig;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// `reload.watch = true`: looks at the files once a second and has them loaded when they have changed and rest again. Looking
/// works where notifications do not: with editors that write a new file and rename it, links that are switched, network
/// file systems.
///
/// Threading: one daemon thread of its own.
final class ConfigWatch implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(ConfigWatch.class);
    private static final long PERIOD_MILLIS = 1_000;

    /// What tells one state of a file from the next.
    private record Stamp(FileTime modified, long bytes, Object file) {}

    private final Path configFile;
    private final Supplier<ProxyConfig> config;
    private final Runnable reload;
    private final CountDownLatch closed = new CountDownLatch(1);
    private final Thread thread;

    /// @param config in force; says whether to watch, and which files belong to it
    private ConfigWatch(Path configFile, Supplier<ProxyConfig> config, Runnable reload) {
        this.configFile = configFile;
        this.config = config;
        this.reload = reload;
        this.thread = Thread.ofPlatform().daemon().name("pgkeel-config-watch").unstarted(this::run);
    }

    static ConfigWatch start(Path configFile, Supplier<ProxyConfig> config, Runnable reload) {
        var watch = new ConfigWatch(configFile, config, reload);
        watch.thread.start();
        return watch;
    }

    private void run() {
        Map<Path, Stamp> loaded = stamps();
        Map<Path, Stamp> before = loaded;
        try {
            while (!closed.await(PERIOD_MILLIS, TimeUnit.MILLISECONDS)) {
                Map<Path, Stamp> now = stamps();
                boolean rests = now.equals(before);
                before = now;
                if (!rests || now.equals(loaded) || !now.containsKey(configFile)) continue;
                if (config.get().reload().watch()) {
                    tryToReload();
                    now = stamps();
                    before = now;
                }
                loaded = now;
            }
        } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
        }
    }

    /// Whatever goes wrong, the next change is looked at.
    private void tryToReload() {
        try {
            reload.run();
        } catch (RuntimeException bug) {
            log.error("reload failed", bug);
        }
    }

    /// Of the files that are there: one that is missing is being replaced, or will be missed by the reload.
    private Map<Path, Stamp> stamps() {
        var stamps = new LinkedHashMap<Path, Stamp>();
        for (Path file : files()) stampOf(file).ifPresent(stamp -> stamps.put(file, stamp));
        return stamps;
    }

    private List<Path> files() {
        ProxyConfig now = config.get();
        var files = new ArrayList<Path>();
        files.add(configFile);
        now.auth().usersFile().ifPresent(files::add);
        now.listen().tls().cert().ifPresent(files::add);
        now.listen().tls().key().ifPresent(files::add);
        now.listen().tls().ca().ifPresent(files::add);
        for (var cluster : now.clusters().values()) {
            cluster.tls().ca().ifPresent(files::add);
            cluster.tls().cert().ifPresent(files::add);
            cluster.tls().key().ifPresent(files::add);
        }
        return files;
    }

    private static Optional<Stamp> stampOf(Path file) {
        try {
            var attributes = Files.readAttributes(file, BasicFileAttributes.class);
            return Optional.of(new Stamp(attributes.lastModifiedTime(), attributes.size(), Objects.requireNonNullElse(attributes.fileKey(), "")));
        } catch (IOException absent) {
            return Optional.empty();
        }
    }

    @Override
    public void close() {
        closed.countDown();
    }
}
