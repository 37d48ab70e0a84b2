package org.pgkeel.proxy.login;

/// The users file cannot be read or has a malformed line. The message names the file and the line, never its content.
public final class BrokenUsersFile extends RuntimeException {
    private static final long serialVersionUID = 1L;

    BrokenUsersFile(String message) {
        super(message);
    }
}
