package org.pgkeel.proxy.admin;

import static org.pgkeel.proxy.admin.ConsoleLexer.Kind.QUOTED_NAME;
import static org.pgkeel.proxy.admin.ConsoleLexer.Kind.STRING;
import static org.pgkeel.proxy.admin.ConsoleLexer.Kind.WORD;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.pgkeel.protocol.sqlstate.SqlState;
import org.pgkeel.proxy.admin.ConsoleCommand.Begin;
import org.pgkeel.proxy.admin.ConsoleCommand.EndTransaction;
import org.pgkeel.proxy.admin.ConsoleCommand.Fixed;
import org.pgkeel.proxy.admin.ConsoleCommand.Ignored;
import org.pgkeel.proxy.admin.ConsoleCommand.Operate;
import org.pgkeel.proxy.admin.ConsoleCommand.Refused;
import org.pgkeel.proxy.admin.ConsoleCommand.Show;
import org.pgkeel.proxy.admin.ConsoleCommand.ShowHelp;
import org.pgkeel.proxy.admin.ConsoleLexer.Token;

/// The console's language: PgBouncer's commands, and what drivers say unasked.
final class ConsoleParser {
    private static final int TEXT_SHOWN_MAX = 100;

    private ConsoleParser() {}

    /// @return one command per statement, none for an empty text
    static List<ConsoleCommand> parse(String sql) throws ConsoleSyntaxError {
        var commands = new ArrayList<ConsoleCommand>();
        for (var tokens : ConsoleLexer.statements(sql)) commands.add(command(tokens, sql));
        return commands;
    }

    private static ConsoleCommand command(List<Token> tokens, String sql) throws ConsoleSyntaxError {
        Optional<ConsoleCommand> known = tokens.getFirst().kind() != WORD ? Optional.empty() : switch (tokens.getFirst().folded()) {
            case "show" -> show(tokens);
            case "select" -> ConsoleProbes.select(tokens).or(() -> show(tokens));
            case "set" -> set(tokens);
            case "reset", "discard", "deallocate", "close", "unlisten" -> Optional.of(new Ignored(tag(tokens), Optional.empty()));
            case "begin", "start" -> Optional.of(new Begin());
            case "commit", "end" -> Optional.of(new EndTransaction("COMMIT"));
            case "rollback", "abort" -> Optional.of(new EndTransaction("ROLLBACK"));
            default -> operate(tokens);
        };
        return known.orElseThrow(() -> new ConsoleSyntaxError("invalid command '" + shown(sql) + "'"));
    }

    private static Optional<ConsoleCommand> show(List<Token> tokens) {
        if (tokens.size() == 1) return Optional.empty();
        String what = tokens.get(1).folded();
        if (tokens.size() == 2) {
            if (what.equals("help")) return Optional.of(new ShowHelp());
            if (what.equals("fds")) return Optional.of(refusedFds());
            Optional<ConsoleCommand> table = ShowTables.find(what).map(Show::new);
            return table.or(() -> parameter(what));
        }
        // SHOW TRANSACTION ISOLATION LEVEL, SHOW TIME ZONE
        return switch (String.join(" ", tokens.stream().skip(1).map(Token::folded).toList())) {
            case "transaction isolation level" -> parameter("transaction_isolation");
            case "time zone" -> parameter("timezone");
            case "coalesce candidates" -> ShowTables.find("coalesce candidates").map(Show::new);
            default -> Optional.empty();
        };
    }

    private static Optional<ConsoleCommand> parameter(String name) {
        return ConsoleParameters.value(name).map(value -> new Fixed(name, ColumnType.TEXT, value, "SHOW"));
    }

    private static Optional<ConsoleCommand> set(List<Token> tokens) {
        int at = tokens.size() > 2 && (tokens.get(1).is("session") || tokens.get(1).is("local")) ? 2 : 1;
        if (at >= tokens.size()) return Optional.empty();
        String name = tokens.get(at).folded().toLowerCase(Locale.ROOT);
        if (ConsoleParameters.isSetIgnored(name) || tokens.get(at).is("characteristics")) {
            return Optional.of(new Ignored("SET", Optional.of("SET ignored")));
        }
        return Optional.of(new Refused(SqlState.FEATURE_NOT_SUPPORTED, "the console does not change the setting \"" + name + "\"",
                "Edit the configuration file and RELOAD."));
    }

    /// Commands that change something: a word, and at most one argument; FOLLOW has two.
    private static Optional<ConsoleCommand> operate(List<Token> tokens) {
        if (tokens.getFirst().is("follow")) return follow(tokens);
        if (tokens.size() > 2) return Optional.empty();
        String verb = tokens.getFirst().folded();
        Optional<String> argument = tokens.size() == 1 ? Optional.empty() : argument(tokens.get(1));
        if (tokens.size() == 2 && argument.isEmpty()) return Optional.empty();
        return switch (verb) {
            case "pause" -> operate("PAUSE", operations -> operations.pause(argument));
            case "resume" -> operate("RESUME", operations -> operations.resume(argument));
            case "reconnect" -> operate("RECONNECT", operations -> operations.reconnect(argument));
            case "kill" -> operate("KILL", operations -> operations.kill(argument));
            case "wait_close" -> operate("WAIT_CLOSE", operations -> operations.waitClose(argument));
            case "disable" -> argument.isEmpty() ? databaseNeeded()
                    : operate("DISABLE", operations -> operations.disable(argument.get()));
            case "enable" -> argument.isEmpty() ? databaseNeeded()
                    : operate("ENABLE", operations -> operations.enable(argument.get()));
            case "kill_client" -> killClient(argument);
            case "reload" -> argument.isPresent() ? Optional.empty() : operate("RELOAD", Operations::reload);
            case "shutdown" -> shutdown(argument);
            case "suspend" -> Optional.of(new Refused(SqlState.FEATURE_NOT_SUPPORTED, "SUSPEND is not supported",
                    "PAUSE waits until all backend connections are released."));
            default -> Optional.empty();
        };
    }

    private static Optional<ConsoleCommand> operate(
            String tag, Function<Operations, CompletionStage<Outcome>> action) {
        return Optional.of(new Operate(tag, action));
    }

    private static Optional<ConsoleCommand> follow(List<Token> tokens) {
        Optional<String> cluster = tokens.size() == 3 ? argument(tokens.get(1)) : Optional.empty();
        Optional<String> node = tokens.size() == 3 ? argument(tokens.get(2)) : Optional.empty();
        if (cluster.isEmpty() || node.isEmpty()) {
            return Optional.of(new Refused(SqlState.INVALID_PARAMETER_VALUE, "FOLLOW needs a cluster and a node", "FOLLOW main n1, or FOLLOW main '10.0.0.1:5432': SHOW CLUSTER lists them."));
        }
        return operate("FOLLOW", operations -> operations.follow(cluster.get(), node.get()));
    }

    private static Optional<ConsoleCommand> killClient(Optional<String> argument) {
        try {
            long id = Long.parseLong(argument.orElse(""));
            return operate("KILL_CLIENT", operations -> operations.killClient(id));
        } catch (NumberFormatException _) {
            return Optional.of(new Refused(SqlState.INVALID_PARAMETER_VALUE, "KILL_CLIENT needs the id of a client",
                    "SHOW CLIENTS has it in the column \"id\"."));
        }
    }

    private static Optional<ConsoleCommand> shutdown(Optional<String> argument) {
        return switch (argument.map(word -> word.toLowerCase(Locale.ROOT)).orElse("")) {
            case "" -> operate("SHUTDOWN", operations -> operations.shutdown(ShutdownMode.IMMEDIATE));
            case "wait_for_servers" -> operate("SHUTDOWN", operations -> operations.shutdown(ShutdownMode.WAIT_FOR_SERVERS));
            case "wait_for_clients" -> operate("SHUTDOWN", operations -> operations.shutdown(ShutdownMode.WAIT_FOR_CLIENTS));
            default -> Optional.empty();
        };
    }

    private static Optional<ConsoleCommand> databaseNeeded() {
        return Optional.of(new Refused(SqlState.INVALID_PARAMETER_VALUE, "a database is required", "SHOW DATABASES lists them."));
    }

    private static ConsoleCommand refusedFds() {
        return new Refused(SqlState.FEATURE_NOT_SUPPORTED, "SHOW FDS is not supported: PgKeel hands no file descriptors to a successor",
                "SHOW SOCKETS lists connections.");
    }

    private static Optional<String> argument(Token token) {
        return token.kind() == WORD || token.kind() == QUOTED_NAME || token.kind() == STRING
                ? Optional.of(token.text()) : Optional.empty();
    }

    /// The tag of a statement that has no effect: its first words, as PostgreSQL would say them.
    private static String tag(List<Token> tokens) {
        String first = tokens.getFirst().text().toUpperCase(Locale.ROOT);
        boolean all = tokens.size() == 2 && tokens.get(1).is("all");
        return switch (first) {
            case "DISCARD", "DEALLOCATE" -> all ? first + " ALL" : first;
            case "CLOSE" -> "CLOSE CURSOR";
            default -> first;
        };
    }

    private static String shown(String sql) {
        String line = sql.strip().replaceAll("\\s+", " ");
        return line.length() <= TEXT_SHOWN_MAX ? line : line.substring(0, TEXT_SHOWN_MAX) + "...";
    }
}
