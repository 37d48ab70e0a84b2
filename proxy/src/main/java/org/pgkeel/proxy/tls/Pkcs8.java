package org.pgkeel.proxy.tls;

import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.HexFormat;

/// Wraps the older forms of private keys into PKCS#8, the only one that the JDK reads: a version, the algorithm, and the
/// old form as an octet string. <https://www.rfc-editor.org/rfc/rfc5958>
final class Pkcs8 {
    private static final int SEQUENCE = 0x30;
    private static final int OCTET_STRING = 0x04;
    private static final int OBJECT_IDENTIFIER = 0x06;
    private static final int CONTEXT_0 = 0xA0;
    private static final byte[] VERSION_0 = HexFormat.of().parseHex("020100");
    /// SEQUENCE { rsaEncryption, NULL }
    private static final byte[] RSA = HexFormat.of().parseHex("300d06092a864886f70d0101010500");
    /// id-ecPublicKey
    private static final byte[] EC = HexFormat.of().parseHex("06072a8648ce3d0201");

    private Pkcs8() {}

    static byte[] wrapRsa(byte[] pkcs1) {
        return tlv(SEQUENCE, VERSION_0, RSA, tlv(OCTET_STRING, pkcs1));
    }

    /// @throws IllegalArgumentException if the key does not name its curve
    static byte[] wrapEc(byte[] sec1) {
        return tlv(SEQUENCE, VERSION_0, tlv(SEQUENCE, EC, curve(sec1)), tlv(OCTET_STRING, sec1));
    }

    /// ECPrivateKey ::= SEQUENCE { version, privateKey OCTET STRING, [0] parameters (the curve's OID), [1] publicKey }
    private static byte[] curve(byte[] sec1) {
        int at = header(sec1, 0, SEQUENCE)[0];
        while (at < sec1.length) {
            int tag = Byte.toUnsignedInt(sec1[at]);
            int[] content = header(sec1, at, tag);
            if (tag == CONTEXT_0) {
                header(sec1, content[0], OBJECT_IDENTIFIER);
                return Arrays.copyOfRange(sec1, content[0], content[1]);
            }
            at = content[1];
        }
        throw new IllegalArgumentException("an EC key that does not name its curve");
    }

    /// @return where the content starts, and where it ends
    private static int[] header(byte[] der, int at, int tag) {
        if (at + 2 > der.length || Byte.toUnsignedInt(der[at]) != tag) throw new IllegalArgumentException("malformed key");
        int length = Byte.toUnsignedInt(der[at + 1]);
        int start = at + 2;
        if (length >= 0x80) {
            int bytes = length & 0x7F;
            if (bytes > 2 || start + bytes > der.length) throw new IllegalArgumentException("malformed key");
            length = 0;
            for (int i = 0; i < bytes; i++) length = length << 8 | Byte.toUnsignedInt(der[start + i]);
            start += bytes;
        }
        if (start + length > der.length) throw new IllegalArgumentException("malformed key");
        return new int[] {start, start + length};
    }

    private static byte[] tlv(int tag, byte[]... contents) {
        int length = 0;
        for (byte[] content : contents) length += content.length;
        var out = new ByteArrayOutputStream(length + 5);
        out.write(tag);
        if (length < 0x80) {
            out.write(length);
        } else {
            out.write(0x82);
            out.write(length >>> 8);
            out.write(length);
        }
        for (byte[] content : contents) out.writeBytes(content);
        return out.toByteArray();
    }
}
