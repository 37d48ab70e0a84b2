package org.pgkeel.proxy.admin;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
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

    Optional<ConsoleCommand> statement(String name) {
        return Optional.ofNullable(statements.get(name));
    }

    Optional<Portal> portal(String name) {
        return Optional.ofNullable(portals.get(name));
    }

    boolean isFull() {
        return statements.size() >= NAMED_MAX || portals.size() >= NAMED_MAX;
    }

    void keep(String name, ConsoleCommand command) {
        statements.put(name, command);
    }

    void keep(String name, Portal portal) {
        portals.put(name, portal);
    }

    void forgetStatement(String name) {
        statements.remove(name);
    }

    void forgetPortal(String name) {
        portals.remove(name);
    }

    /// Portals end with their transaction.
    void forgetPortals() {
        portals.clear();
    }
}
