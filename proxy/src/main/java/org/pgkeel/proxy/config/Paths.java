package org.pgkeel.proxy.config;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Pattern;

/// Keys that name a file or a folder, relative to the configuration file's folder. What cannot be read is a problem now, not at the first client.
final class Paths {
    private static final Pattern LINE_ENDS = Pattern.compile("[\\r\\n]+\\z");
    /// A password file is a line, not a disk image named by mistake.
    private static final long SECRET_FILE_BYTES_MAX = 64 * Bounds.KIB;

    private Paths() {}

    static Optional<Path> file(Section section, String name) {
        return section.read(name, "", value -> {
            Path path = path(section, Values.nonEmpty(value));
            if (Files.isDirectory(path)) throw new BadValue(path + " is a folder, a file is needed");
            if (!Files.exists(path)) throw new BadValue("no such file: " + path);
            if (!Files.isReadable(path)) throw new BadValue("not readable: " + path);
            section.reading().reads(path);
            return path;
        });
    }

    static Optional<Path> folder(Section section, String name) {
        return section.read(name, "", value -> {
            Path path = path(section, Values.nonEmpty(value));
            if (!Files.isDirectory(path)) throw new BadValue("no such folder: " + path);
            if (!Files.isWritable(path)) throw new BadValue("not writable: " + path);
            return path;
        });
    }

    /// A secret that is a file's text, without the line end: blanks may be part of a password.
    static Optional<Secret> secretFile(Section section, String name) {
        return file(section, name).flatMap(path -> {
            try {
                if (Files.size(path) > SECRET_FILE_BYTES_MAX) return refuse(section, name, path + " is too large for a secret");
                String text = LINE_ENDS.matcher(Files.readString(path)).replaceFirst("");
                return text.isEmpty() ? refuse(section, name, path + " is empty") : Optional.of(new Secret(text));
            } catch (IOException _) {
                return refuse(section, name, "not readable as UTF-8 text: " + path);
            }
        });
    }

    private static Optional<Secret> refuse(Section section, String name, String message) {
        section.problem(name, message);
        return Optional.empty();
    }

    private static Path path(Section section, String text) {
        try {
            return section.reading().resolve(text);
        } catch (InvalidPathException _) {
            throw new BadValue("not a path: '" + text + "'");
        }
    }
}
