package org.pgkeel.bench.link;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/// Who listens on this machine at this moment, by the kernel's own table, without touching anybody. Immutable.
public final class ListeningSockets {
    private static final String LISTEN = "0A";
    /// The column of it.
    private static final int STATE = 3;
    private static final int MAPPED_LENGTH = 32;

    private final Set<String> addresses;

    private ListeningSockets(Set<String> addresses) {
        this.addresses = addresses;
    }

    public static ListeningSockets now() {
        var addresses = new HashSet<String>();
        for (Path table : List.of(Path.of("/proc/net/tcp"), Path.of("/proc/net/tcp6"))) {
            try (var in = Files.newBufferedReader(table, StandardCharsets.US_ASCII)) {
                in.readLine();   // names of the columns
                for (String line = in.readLine(); line != null; line = in.readLine()) {
                    String[] columns = line.strip().split("\\s+");
                    if (columns.length <= STATE || !columns[STATE].equals(LISTEN)) break;   // listening sockets come first: all others need not be read
                    addresses.add(ipv4(columns[1]));
                }
            } catch (IOException e) {
                throw new UncheckedIOException("cannot read " + table, e);
            }
        }
        return new ListeningSockets(addresses);
    }

    /// @param address a numeric IPv4 address; whoever listens on all addresses does not count
    public boolean has(InetSocketAddress address) {
        byte[] ip = address.getAddress().getAddress();
        return addresses.contains(String.format(Locale.ROOT, "%02X%02X%02X%02X:%04X", ip[3], ip[2], ip[1], ip[0], address.getPort()));
    }

    /// Of an IPv4 address in IPv6's clothes the last part.
    private static String ipv4(String hexAddress) {
        int colon = hexAddress.indexOf(':');
        return colon == MAPPED_LENGTH ? hexAddress.substring(MAPPED_LENGTH - 8) : hexAddress;
    }
}
