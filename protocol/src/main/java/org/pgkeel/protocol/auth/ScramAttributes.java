package org.pgkeel.protocol.auth;

/// Reads the attributes of one SCRAM message from left to right: `a=value,b=value`.
/// <https://www.rfc-editor.org/rfc/rfc5802#section-5.1>
/// Threading: belongs to the call that made it.
final class ScramAttributes {
    private final String message;
    private int at;

    ScramAttributes(String message) {
        this.message = message;
    }

    /// The value of the next attribute, which must have this name.
    String next(char name) {
        if (peek() != name) throw Scram.malformed("attribute '" + name + "' expected");
        return nextAny();
    }

    /// The value of the next attribute, whatever its name.
    String nextAny() {
        char name = peek();
        if (!(name >= 'a' && name <= 'z' || name >= 'A' && name <= 'Z') || at + 1 >= message.length()
                || message.charAt(at + 1) != '=') {
            throw Scram.malformed("no attribute where one is expected");
        }
        int comma = message.indexOf(',', at);
        int end = comma < 0 ? message.length() : comma;
        String value = message.substring(at + 2, end);
        at = comma < 0 ? end : comma + 1;
        if (comma == message.length() - 1 && comma >= 0) throw Scram.malformed("a comma at the end");
        return value;
    }

    /// The name of the next attribute, 0 at the end.
    char peek() {
        return at < message.length() ? message.charAt(at) : 0;
    }

    /// Where the next attribute begins.
    int position() {
        return at;
    }

    /// Reads what is left and ignores it: extensions that no one here knows are optional by definition.
    void skipExtensions() {
        while (peek() != 0) nextAny();
    }
}
