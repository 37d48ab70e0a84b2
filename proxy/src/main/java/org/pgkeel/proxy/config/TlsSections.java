package org.pgkeel.proxy.config;

import java.nio.file.Path;
import java.util.Optional;

/// Reads the two `tls { ... }` sections: towards clients and towards PostgreSQL.
final class TlsSections {
    private TlsSections() {}

    static ServerTlsConfig towardsClients(Section section) {
        Optional<Path> cert = Paths.file(section, "cert");
        TlsMode mode = section.word("mode", section.has("cert") ? TlsMode.PREFER : TlsMode.DISABLE);
        Optional<Path> key = Paths.file(section, "key");
        Optional<Path> ca = Paths.file(section, "ca");
        if (section.sound("mode")) {
            if (mode != TlsMode.DISABLE) {
                needs(section, "cert", mode);
                needs(section, "key", mode);
            } else if (section.has("cert") || section.has("key") || section.has("ca")) {
                section.warning("mode", "with disable the certificates are not used");
            }
            if (verifies(mode)) needs(section, "ca", mode);
        }
        return new ServerTlsConfig(mode, cert, key, ca);
    }

    static BackendTlsConfig towardsBackends(Section section) {
        TlsMode mode = section.word("mode", TlsMode.PREFER);
        Optional<Path> ca = Paths.file(section, "ca");
        Optional<Path> cert = Paths.file(section, "cert");
        Optional<Path> key = Paths.file(section, "key");
        if (section.sound("mode") && verifies(mode)) needs(section, "ca", mode);
        if (section.sound("mode") && mode == TlsMode.DISABLE && (section.has("ca") || section.has("cert"))) {
            section.warning("mode", "with disable the certificates are not used");
        }
        if (section.has("cert") != section.has("key")) {
            section.problem(section.has("cert") ? "key" : "cert", "missing, " + (section.has("cert") ? "cert" : "key") + " needs it");
        }
        return new BackendTlsConfig(mode, ca, cert, key);
    }

    private static boolean verifies(TlsMode mode) {
        return mode == TlsMode.VERIFY_CA || mode == TlsMode.VERIFY_FULL;
    }

    private static void needs(Section section, String name, TlsMode mode) {
        if (!section.has(name)) section.problem(name, "missing, mode " + Values.wordOf(mode) + " needs it");
    }
}
