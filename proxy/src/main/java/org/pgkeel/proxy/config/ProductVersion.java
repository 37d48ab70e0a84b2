package org.pgkeel.proxy.config;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Properties;

/// Which build this is, as Maven wrote it into `version.properties`. For `version`, the log and `SHOW VERSION`.
public final class ProductVersion {
    private ProductVersion() {}

    public static String pgkeel() {
        return read("pgkeel");
    }

    public static String netty() {
        return read("netty");
    }

    private static String read(String product) {
        try (InputStream in = ProductVersion.class.getResourceAsStream("version.properties")) {
            if (in == null) throw new IllegalStateException("version.properties is not in the build");
            Properties versions = new Properties();
            versions.load(in);
            return versions.getProperty(product);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
