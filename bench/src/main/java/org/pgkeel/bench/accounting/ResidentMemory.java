package org.pgkeel.bench.accounting;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// Memory of one process that is in RAM now (`VmRSS` of `/proc/PID/status`).
public final class ResidentMemory {
    private ResidentMemory() {}

    /// @return bytes
    /// @throws IOException if the process is gone
    public static long bytes(long pid) throws IOException {
        return parse(Files.readAllLines(Path.of("/proc/" + pid + "/status")));
    }

    static long parse(List<String> status) throws IOException {
        for (String line : status) {
            if (line.startsWith("VmRSS:")) {
                return Long.parseLong(line.replaceAll("[^0-9]", "")) * 1024;
            }
        }
        throw new IOException("no VmRSS: the process has ended");
    }
}
