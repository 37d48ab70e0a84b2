package org.pgkeel.proxy.admin;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.pgkeel.protocol.backend.BackendMessage;
import org.pgkeel.protocol.backend.BindComplete;
import org.pgkeel.protocol.backend.CloseComplete;
import org.pgkeel.protocol.backend.NoData;
import org.pgkeel.protocol.backend.ParameterDescription;
import org.pgkeel.protocol.backend.ParseComplete;
import org.pgkeel.protocol.frontend.Bind;
import org.pgkeel.protocol.frontend.Close;
import org.pgkeel.protocol.frontend.Describe;
import org.pgkeel.protocol.frontend.Parse;
import org.pgkeel.protocol.sqlstate.SqlState;
import org.pgkeel.protocol.wire.Format;

/// The prepared statements and portals of one console session: the extended protocol's memory, bounded.
/// Threading: confined to the session's event loop.
final class ConsoleStatements {
    static final int NAMED_MAX = 100;

    /// A bound statement, and how far it has been executed.
    static final class Portal {
        sealed interface State {
            record Bound() implements State {}

            /// Some rows were sent, the client may ask for more.
            record Suspended(Answer.Rows rest) implements State {}

            record Finished() implements State {}
        }

        private final ConsoleCommand command;
        private final List<Format> formats;
        private State state = new State.Bound();

        Portal(ConsoleCommand command, List<Format> formats) {
            this.command = command;
            this.formats = formats;
        }

        ConsoleCommand command() {
            return command;
        }

        List<Format> formats() {
            return formats;
        }

        State state() {
            return state;
        }

        void state(State next) {
            state = next;
        }
    }

    private final Map<String, ConsoleCommand> statements = new HashMap<>();
    private final Map<String, Portal> portals = new HashMap<>();

    /// What a message that only prepares comes to.
    sealed interface Reply {
        record Messages(List<BackendMessage> messages) implements Reply {}

        record Refused(Answer.Failed failed) implements Reply {}
    }

    Reply parse(Parse parse) {
        String name = parse.statement();
        try {
            var commands = ConsoleParser.parse(parse.sql());
            if (commands.size() > 1) return refused(SqlState.SYNTAX_ERROR, "cannot insert multiple commands into a prepared statement");
            if (!name.isEmpty() && statements.containsKey(name)) {
                return refused(SqlState.DUPLICATE_PREPARED_STATEMENT, "prepared statement \"" + name + "\" already exists");
            }
            if (statements.size() >= NAMED_MAX && !statements.containsKey(name)) return full();
            statements.put(name, commands.isEmpty() ? new ConsoleCommand.Empty() : commands.getFirst());
            return messages(ParseComplete.INSTANCE);
        } catch (ConsoleSyntaxError syntax) {
            return new Reply.Refused(syntax.answer());
        }
    }

    Reply bind(Bind bind) {
        ConsoleCommand command = statements.get(bind.statement());
        if (command == null) return noStatement(bind.statement());
        if (!bind.parameters().isEmpty()) {
            return refused(SqlState.PROTOCOL_VIOLATION, "bind message supplies " + bind.parameters().size() + " parameters, but the console has none");
        }
        if (RowShape.of(command).filter(shape -> !shape.fits(bind.resultFormats())).isPresent()) {
            return refused(SqlState.PROTOCOL_VIOLATION, "bind message has " + bind.resultFormats().size() + " result formats, not one for each column");
        }
        if (portals.size() >= NAMED_MAX && !portals.containsKey(bind.portal())) return full();
        portals.put(bind.portal(), new Portal(command, bind.resultFormats()));
        return messages(BindComplete.INSTANCE);
    }

    Reply describe(Describe describe) {
        return switch (describe.target()) {
            case STATEMENT -> {
                ConsoleCommand command = statements.get(describe.name());
                yield command == null ? noStatement(describe.name())
                        : messages(new ParameterDescription(List.of()), columns(command, List.of()));
            }
            case PORTAL -> {
                Portal portal = portals.get(describe.name());
                yield portal == null ? noPortal(describe.name()) : messages(columns(portal.command, portal.formats));
            }
        };
    }

    Reply close(Close close) {
        switch (close.target()) {
            case STATEMENT -> statements.remove(close.name());
            case PORTAL -> portals.remove(close.name());
        }
        return messages(CloseComplete.INSTANCE);
    }

    Optional<Portal> portal(String name) {
        return Optional.ofNullable(portals.get(name));
    }

    /// Portals end with their transaction.
    void forgetPortals() {
        portals.clear();
    }

    /// A simple query ends the unnamed portal and the unnamed statement.
    void forgetUnnamed() {
        statements.remove("");
        portals.remove("");
    }

    static Reply noPortal(String name) {
        return refused(SqlState.INVALID_CURSOR_NAME, "portal \"" + name + "\" does not exist");
    }

    private static Reply noStatement(String name) {
        return refused(SqlState.INVALID_SQL_STATEMENT_NAME, "prepared statement \"" + name + "\" does not exist");
    }

    private static Reply full() {
        return refused(SqlState.PROGRAM_LIMIT_EXCEEDED, "more than " + NAMED_MAX + " statements or portals");
    }

    private static BackendMessage columns(ConsoleCommand command, List<Format> formats) {
        return RowShape.of(command).<BackendMessage>map(shape -> shape.describe(formats)).orElse(NoData.INSTANCE);
    }

    private static Reply messages(BackendMessage... messages) {
        return new Reply.Messages(List.of(messages));
    }

    private static Reply refused(SqlState sqlState, String message) {
        return new Reply.Refused(new Answer.Failed(sqlState, message, ""));
    }
}
