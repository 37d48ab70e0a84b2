package org.pgkeel.proxy.config;

/// A value that is not what its key needs. Caught by the [Section] that reads the key.
final class BadValue extends RuntimeException {
    BadValue(String message) {
        super(message, null, false, false);
    }

    @Override
    public String getMessage() {
        return String.valueOf(super.getMessage());
    }
}
