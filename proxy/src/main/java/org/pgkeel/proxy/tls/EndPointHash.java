package org.pgkeel.proxy.tls;

/// The hash of a server certificate: the channel binding `tls-server-end-point`.
/// <https://www.rfc-editor.org/rfc/rfc5929#section-4>
public final class EndPointHash {
    private final byte[] bytes;

    EndPointHash(byte[] bytes) {
        this.bytes = bytes.clone();
    }

    public byte[] bytes() {
        return bytes.clone();
    }
}
