package org.pgkeel.proxy.isolation;

/// A reply that is not the one its client must get.
final class Mixup extends AssertionError {
    Mixup(String message) {
        super(message);
    }
}
