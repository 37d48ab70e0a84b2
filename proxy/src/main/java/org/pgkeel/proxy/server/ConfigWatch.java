package org.pgkeel.proxy.server;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
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
    private final Supplier<Set<Path>> files;
    private final BooleanSupplier wanted;
    private final Runnable reload;
    private final CountDownLatch closed = new CountDownLatch(1);
    private final Thread thread;
    /// As the files were when they were read last; the thread's own once it runs.
    private Map<Path, Stamp> loaded;

    /// @param files  that belong to the configuration in force
    /// @param wanted whether a change is to be loaded by itself
    private ConfigWatch(Path configFile, Supplier<Set<Path>> files, BooleanSupplier wanted, Runnable reload) {
        this.configFile = configFile;
        this.files = files;
        this.wanted = wanted;
        this.reload = reload;
        this.loaded = stamps();
        this.thread = Thread.ofPlatform().daemon().name("pgkeel-config-watch").unstarted(this::run);
    }

    static ConfigWatch start(Path configFile, Supplier<Set<Path>> files, BooleanSupplier wanted, Runnable reload) {
        var watch = new ConfigWatch(configFile, files, wanted, reload);
        watch.thread.start();
        return watch;
    }

    private void run() {
        Map<Path, Stamp> before = loaded;
        try {
            while (!closed.await(PERIOD_MILLIS, TimeUnit.MILLISECONDS)) {
                Map<Path, Stamp> now = stamps();
                boolean rests = now.equals(before);
                before = now;
                if (!rests || now.equals(loaded) || !now.containsKey(configFile)) continue;
                if (wanted.getAsBoolean()) tryToReload();
                loaded = now;   // as they were before: what changed meanwhile is loaded next
            }
        } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
        }
    }

    /// Whatever goes wrong, the next change is looked at.
    private void tryToReload() {
        try {
            reload.run();
        } catch (RuntimeException | Error bug) {
            log.error("reload failed", bug);
        }
    }

    /// Of the files that are there: one that is missing is being replaced, or will be missed by the reload.
    private Map<Path, Stamp> stamps() {
        var stamps = new LinkedHashMap<Path, Stamp>();
        stampOf(configFile).ifPresent(stamp -> stamps.put(configFile, stamp));
        for (Path file : files.get()) stampOf(file).ifPresent(stamp -> stamps.put(file, stamp));
        return stamps;
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
