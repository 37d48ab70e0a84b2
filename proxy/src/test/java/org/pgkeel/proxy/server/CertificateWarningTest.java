package org.pgkeel.proxy.server;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.pgkeel.proxy.postgres.SharedPostgres;
import org.pgkeel.proxy.postgres.TestCertificates;
import org.slf4j.LoggerFactory;

class CertificateWarningTest {
    @TempDir
    Path folder = Path.of("");

    private static String tls(TestCertificates.Pair pair) {
        return "listen.tls { mode = prefer, cert = \"" + pair.cert() + "\", key = \"" + pair.key() + "\" }\n";
    }

    @Test
    void a_certificate_that_expires_soon_is_told_at_the_start_and_at_a_reload() {
        TestCertificates certificates = TestCertificates.create(folder);
        var log = (Logger) LoggerFactory.getLogger(CertificateWarningTest.class.getPackageName());
        var lines = new ListAppender<ILoggingEvent>();
        lines.start();
        log.addAppender(lines);
        try (TestProxy proxy = TestProxy.start(SharedPostgres.get(), tls(certificates.issue("soon", "localhost", Duration.ofDays(3).plusHours(1))))) {
            assertThat(warnings(lines)).singleElement().asString().startsWith("listen.tls.cert: the certificate in " + folder.resolve("soon.crt") + " expires in 3 days, at ");
            lines.list.clear();
            assertThat(proxy.reload(tls(certificates.issue("old", "localhost", Duration.ofDays(-1))))).isEmpty();
            assertThat(warnings(lines)).singleElement().asString().startsWith("listen.tls.cert: the certificate in " + folder.resolve("old.crt") + " has expired at ");
            lines.list.clear();
            assertThat(proxy.reload(tls(certificates.server()))).isEmpty();
            assertThat(warnings(lines)).isEmpty();
        } finally {
            log.detachAppender(lines);
        }
    }

    private static List<String> warnings(ListAppender<ILoggingEvent> lines) {
        return List.copyOf(lines.list).stream().map(ILoggingEvent::getFormattedMessage).filter(line -> line.contains("certificate")).toList();
    }
}
