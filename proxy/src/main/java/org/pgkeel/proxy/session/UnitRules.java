package org.pgkeel.proxy.session;

import io.netty.buffer.ByteBuf;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.LocalTime;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.pgkeel.protocol.wire.FrontendType;
import org.pgkeel.proxy.prepare.SharedStatement;
import org.pgkeel.proxy.route.ConnectionRoutes;
import org.pgkeel.proxy.route.Route;
import org.pgkeel.proxy.route.Traits;
import org.pgkeel.proxy.settings.Settings;
import org.pgkeel.proxy.statement.StatementClass;
import org.pgkeel.proxy.statement.StatementKind;

/// What the rules say of a client's unit, which [UnitReader] reads: it goes to a replica if every statement of it does, by one rule; a transaction goes
/// where its BEGIN goes.
///
/// Threading: confined to the session's event loop.
final class UnitRules implements UnitReader.Listener {
    private final ClientSession session;
    /// The rules that may fit this client with these settings.
    private @Nullable ConnectionRoutes routes;
    private Settings routesOf = Settings.NONE;
    private Traits traits = Traits.USUAL;

    // The unit that is being read, or was read last.
    private @Nullable RouteRules rules;
    private int minuteOfDay;
    private @Nullable Route decided;
    private boolean mixed;
    private boolean inBlock;
    private boolean begins;
    private boolean reads;
    private boolean elsewhere;
    private StatementClass query = StatementClass.UNREAD;

    UnitRules(ClientSession session) {
        this.session = session;
    }

    /// Reads the unit that stands at `at`.
    /// @return null for the primary
    Route.@Nullable ToReplica decide(RouteRules inForce, ByteBuf in, int at) {
        ConnectionRoutes mine = connectionRoutes(inForce);
        over();
        if (!mine.splits()) return null;
        rules = inForce;
        minuteOfDay = mine.asksTime() ? LocalTime.now().toSecondOfDay() / 60 : 0;
        decided = null;
        mixed = false;
        inBlock = false;
        reads = true;
        boolean whole = UnitReader.read(session, in, at, in.writerIndex(), this);
        reads &= whole;
        if (!whole || in.getByte(at) != FrontendType.QUERY) query = StatementClass.UNREAD;
        return whole && !mixed && decided instanceof Route.ToReplica to ? to : null;
    }

    /// The unit is known to do nothing but read.
    boolean reads() {
        return reads;
    }

    /// The unit does something that hangs on no transaction of its server.
    boolean actsElsewhere() {
        return elsewhere;
    }

    /// The unit begins a transaction.
    boolean begins() {
        return begins;
    }

    /// The class of the Query that the unit is; [StatementClass#UNREAD] of other units, and from when it is sent.
    StatementClass classOfQuery() {
        return query;
    }

    void sent() {
        query = StatementClass.UNREAD;
    }

    /// Nothing is known of what comes next.
    void over() {
        reads = false;
        elsewhere = false;
        begins = false;
        query = StatementClass.UNREAD;
    }

    private ConnectionRoutes connectionRoutes(RouteRules inForce) {
        Settings desired = session.settings().tracker().desired();
        ConnectionRoutes known = routes;
        if (known != null && known.table() == inForce.table() && routesOf == desired) return known;
        routesOf = desired;
        traits = new Traits(desired.get("default_transaction_read_only").map(UnitRules::isOn).orElse(false),
                desired.get("default_transaction_isolation").map("serializable"::equalsIgnoreCase).orElse(false));
        InetAddress address = session.identity().address() instanceof InetSocketAddress inet ? inet.getAddress() : null;
        ConnectionRoutes made = inForce.table().forConnection(session.identity().user(), session.identity().database(),
                desired.get("application_name").orElse(""), address);
        routes = made;
        return made;
    }

    /// As PostgreSQL reads a boolean; what it would refuse never gets here.
    private static boolean isOn(String value) {
        String word = value.toLowerCase(Locale.ROOT);
        return word.equals("on") || word.equals("1") || "true".startsWith(word) || "yes".startsWith(word);
    }

    @Override
    public void text(StatementClass kind, ByteBuf in, int from, int to) {
        query = kind;
        join(kind);
    }

    @Override
    public void prepared(StatementClass kind, SharedStatement statement) {
        join(kind);
    }

    private void join(StatementClass kind) {
        boolean opens = kind.has(StatementKind.BEGIN);
        reads &= kind.isRead();
        elsewhere |= kind.actsElsewhere();
        if (inBlock) {
            // Where a transaction runs its BEGIN has said.
            if (kind.has(StatementKind.COMMIT) || kind.has(StatementKind.ROLLBACK)) inBlock = false;
            if (opens) mixed = true;
            return;
        }
        RouteRules asked = rules;
        ConnectionRoutes mine = routes;
        if (asked == null || mine == null) throw new IllegalStateException("no rules");
        if (opens) {
            begins = true;
            boolean once = kind.kinds().getFirst() == StatementKind.BEGIN && kind.kinds().stream().filter(each -> each == StatementKind.BEGIN).count() == 1;
            if (!once) mixed = true;
            inBlock = !kind.has(StatementKind.COMMIT) && !kind.has(StatementKind.ROLLBACK);
        }
        Route route = mine.decide(kind, traits.of(kind), minuteOfDay, asked.hits());
        Route before = decided;
        if (before != null && before.rule() != route.rule()) mixed = true;
        decided = route;
    }
}
