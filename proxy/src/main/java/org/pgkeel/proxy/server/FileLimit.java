package org.pgkeel.proxy.server;

import com.sun.management.UnixOperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Whether the operating system lets the process have as many sockets as `limits.clients` promises. Where it does not, clients beyond wait in the kernel's
/// queue, and no backend can be opened for those who are in.
final class FileLimit {
    private static final Logger log = LoggerFactory.getLogger(FileLimit.class);
    /// Jars, listeners, event loops, and backends, of which more are needed than this at the limit.
    private static final int OTHERS = 200;

    private FileLimit() {}

    static void check(int clients) {
        if (!(ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean unix)) return;
        warning(unix.getMaxFileDescriptorCount(), clients).ifPresent(log::warn);
    }

    static Optional<String> warning(long filesMax, int clients) {
        if (filesMax >= (long) clients + OTHERS) return Optional.empty();
        return Optional.of("limits.clients = " + clients + ", but the process may open only " + filesMax + " files, and each client and each backend is one: raise the limit (ulimit -n, LimitNOFILE=) or lower limits.clients");
    }
}
