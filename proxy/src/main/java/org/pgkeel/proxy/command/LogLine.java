package org.pgkeel.proxy.command;

import ch.qos.logback.classic.pattern.ClassicConverter;
import ch.qos.logback.classic.spi.ILoggingEvent;

/// A message as one line of the log, whatever names its clients gave themselves: a line break in one would be a line of its choice, and an escape sequence
/// moves the cursor of who reads it. Threading: immutable.
final class LogLine extends ClassicConverter {
    @Override
    public String convert(ILoggingEvent event) {
        String message = event.getFormattedMessage();
        return message.codePoints().noneMatch(LogLine::isUnfit) ? message
                : message.codePoints().map(c -> isUnfit(c) ? '?' : c).collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append).toString();
    }

    private static boolean isUnfit(int c) {
        return switch (Character.getType(c)) {
            case Character.CONTROL, Character.FORMAT, Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR -> true;
            default -> false;
        };
    }
}
