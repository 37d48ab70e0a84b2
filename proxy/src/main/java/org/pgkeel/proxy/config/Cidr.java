package org.pgkeel.proxy.config;

import java.net.Inet4Address;
import java.net.InetAddress;

/// Reads address ranges of authentication rules: `10.0.0.0/8`, `::1/128`, or one address alone.
final class Cidr {
    private Cidr() {}

    /// @return always with its length: `10.1.2.3` becomes `10.1.2.3/32`
    /// @throws BadValue if it is no range of addresses
    static String parse(String text) {
        String expected = "expected a range as 10.0.0.0/8 or fd00::/8, one address, or all; got '" + text + "'";
        int slash = text.indexOf('/');
        String address = slash < 0 ? text : text.substring(0, slash);
        int bits = bits(address);
        if (bits == 0) throw new BadValue(expected);
        if (slash < 0) return address + "/" + bits;
        String length = text.substring(slash + 1);
        if (!length.matches("\\d{1,3}") || Integer.parseInt(length) > bits) throw new BadValue(expected);
        return text;
    }

    static boolean isIpv6(String text) {
        return bits(text) == 128;
    }

    /// 32, 128, or 0 if it is no literal address. `ofLiteral` asks no name server.
    private static int bits(String address) {
        try {
            boolean old = address.indexOf(':') < 0 && address.chars().filter(c -> c == '.').count() != 3;
            return old ? 0 : InetAddress.ofLiteral(address) instanceof Inet4Address ? 32 : 128;
        } catch (IllegalArgumentException _) {
            return 0;
        }
    }
}
