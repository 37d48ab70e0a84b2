package org.pgkeel.failover.patroni;

/// What a member answered is not what Patroni says: HTML, cut off, too large, wrong types. The message quotes nothing of it.
public final class BadAnswer extends RuntimeException {
    private static final long serialVersionUID = 1L;

    BadAnswer(String message) {
        super(message, null, false, false);
    }
}
