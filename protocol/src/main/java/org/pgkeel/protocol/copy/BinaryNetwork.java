package org.pgkeel.protocol.copy;

import io.netty.buffer.ByteBuf;

/// `inet`, `cidr`, `macaddr` and `macaddr8`.
///
/// Threading: pure functions.
final class BinaryNetwork {
    private static final int HEADER_BYTES = 4;
    private static final int IPV4 = 2;
    private static final int IPV6 = 3;

    private BinaryNetwork() {}

    /// All of its bytes, and how many bits of them are the network's.
    static boolean address(ByteBuf in, int from, int to, ByteBuf out) {
        if (to - from < HEADER_BYTES) return false;
        int bytes = in.getByte(from + 3);
        int first = from + HEADER_BYTES;
        if (to - first != bytes) return false;
        switch (in.getByte(from)) {
            case IPV4 -> {
                if (bytes != 4) return false;
                for (int i = 0; i < bytes; i++) {
                    if (i > 0) out.writeByte('.');
                    Ascii.number(in.getUnsignedByte(first + i), out);
                }
            }
            case IPV6 -> {
                if (bytes != 16) return false;
                for (int i = 0; i < bytes; i += 2) {
                    if (i > 0) out.writeByte(':');
                    Ascii.hex(in.getByte(first + i), out);
                    Ascii.hex(in.getByte(first + i + 1), out);
                }
            }
            default -> {
                return false;
            }
        }
        out.writeByte('/');
        Ascii.number(in.getUnsignedByte(from + 1), out);
        return true;
    }

    static boolean mac(ByteBuf in, int from, int to, ByteBuf out) {
        for (int at = from; at < to; at++) {
            if (at > from) out.writeByte(':');
            Ascii.hex(in.getByte(at), out);
        }
        return true;
    }
}
