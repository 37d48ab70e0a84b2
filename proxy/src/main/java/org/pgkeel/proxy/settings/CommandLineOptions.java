package org.pgkeel.proxy.settings;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// The startup parameter `options`: switches as on the server's command line, of which `-c name=value` and `--name=value` are
/// known. White space separates, a backslash makes it part of an argument.
/// <https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNECT-OPTIONS>
final class CommandLineOptions {
    private CommandLineOptions() {}

    static StartupSettings parse(String options) {
        Settings settings = Settings.NONE;
        List<String> arguments = split(options);
        for (int i = 0; i < arguments.size(); i++) {
            String argument = arguments.get(i);
            String assignment;
            String shown;
            if (argument.startsWith("--") && argument.length() > 2) {
                assignment = argument.substring(2);
                shown = "--" + assignment;
            } else if (argument.equals("-c") && i + 1 < arguments.size()) {
                assignment = arguments.get(++i);
                shown = "-c " + assignment;
            } else if (argument.startsWith("-c") && argument.length() > 2) {
                assignment = argument.substring(2);
                shown = "-c " + assignment;
            } else {
                return new StartupSettings.Invalid("invalid command-line argument for server process: " + argument);
            }
            int equals = assignment.indexOf('=');
            if (equals <= 0) {
                return new StartupSettings.Invalid(shown + " requires a value");
            }
            String name = assignment.substring(0, equals).replace('-', '_').toLowerCase(Locale.ROOT);
            settings = settings.with(name, assignment.substring(equals + 1));
        }
        return new StartupSettings.Understood(settings);
    }

    private static List<String> split(String options) {
        List<String> arguments = new ArrayList<>();
        int at = 0;
        while (true) {
            while (at < options.length() && isSpace(options.charAt(at))) {
                at++;
            }
            if (at == options.length()) {
                return arguments;
            }
            StringBuilder argument = new StringBuilder();
            while (at < options.length() && !isSpace(options.charAt(at))) {
                if (options.charAt(at) == '\\' && ++at == options.length()) {
                    break;
                }
                argument.append(options.charAt(at++));
            }
            arguments.add(argument.toString());
        }
    }

    private static boolean isSpace(char c) {
        return c == ' ' || c >= '\t' && c <= '\r';
    }
}
