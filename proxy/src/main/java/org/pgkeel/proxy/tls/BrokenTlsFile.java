package org.pgkeel.proxy.tls;

/// A certificate or key file cannot be read or does not hold what it should. The message names the key and the file.
public final class BrokenTlsFile extends RuntimeException {
    private static final long serialVersionUID = 1L;

    BrokenTlsFile(String message) {
        super(message);
    }
}
