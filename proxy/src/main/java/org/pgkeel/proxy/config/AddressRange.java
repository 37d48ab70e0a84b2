package org.pgkeel.proxy.config;

import io.netty.util.NetUtil;
import java.net.InetAddress;

/// A CIDR range of client addresses, IPv4 or IPv6; a plain address is a range of one.
///
/// @param network the first address
/// @param bits    of the prefix
public record AddressRange(byte[] network, int bits) {

    /// @throws IllegalArgumentException if the text is neither an address nor `address/bits`
    public static AddressRange parse(String text) {
        int slash = text.indexOf('/');
        String address = slash < 0 ? text : text.substring(0, slash);
        if (NetUtil.createByteArrayFromIpAddressString(address) == null) throw new IllegalArgumentException("\"" + text + "\" is not an IP address or CIDR range");
        byte[] network = InetAddress.ofLiteral(address).getAddress();   // of an IPv4 address that is written as an IPv6 one too, as of those who come
        String bits = slash < 0 ? "" : text.substring(slash + 1);
        int width = network.length * 8;
        if (slash < 0) return new AddressRange(network, width);
        if (!bits.matches("[0-9]{1,3}") || Integer.parseInt(bits) > width) {
            throw new IllegalArgumentException("\"" + text + "\": the prefix length is 0 to " + width);
        }
        return new AddressRange(network, Integer.parseInt(bits));
    }

    /// An IPv4 client of a socket that speaks both is an IPv4 address to Java, however it came.
    public boolean contains(InetAddress address) {
        byte[] bytes = address.getAddress();
        if (bytes.length != network.length) return false;
        int whole = bits / 8;
        for (int i = 0; i < whole; i++) if (bytes[i] != network[i]) return false;
        int rest = bits % 8;
        return rest == 0 || ((bytes[whole] ^ network[whole]) & 0xFF) >>> (8 - rest) == 0;
    }
}
