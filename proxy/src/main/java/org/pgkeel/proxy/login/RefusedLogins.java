package org.pgkeel.proxy.login;

import java.net.SocketAddress;
import java.util.EnumMap;
import java.util.Map;
import java.util.function.LongSupplier;
import org.pgkeel.proxy.observe.Complaints;
import org.pgkeel.proxy.refusal.RefusalReason;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What the log hears of refused logins: of each reason some, and how many there were beside. Who tries passwords by the thousand must not fill the disk; all of
/// them are counted in `pgkeel_logins_total`.
///
/// Threading: shared; the complaints of each reason guard themselves.
public final class RefusedLogins {
    static final int LINES_PER_MINUTE_MAX = 20;
    private static final Logger LOG = LoggerFactory.getLogger(RefusedLogins.class);

    private final Map<RefusalReason, Complaints> complaints = new EnumMap<>(RefusalReason.class);
    private final LongSupplier nanoTime;

    public RefusedLogins(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
        for (RefusalReason reason : RefusalReason.values()) complaints.put(reason, new Complaints(LINES_PER_MINUTE_MAX));
    }

    /// @param why for the log alone
    void tell(StartupRequest request, SocketAddress from, RefusalReason reason, String why) {
        Complaints its = complaints.get(reason);
        long refused = its == null ? 1 : its.of(1, nanoTime.getAsLong());
        if (refused == 0) return;
        LOG.info("login refused: user \"{}\", database \"{}\", from {}: {} ({}){}", LoginRefusals.loggable(request.user()), LoginRefusals.loggable(request.database()), from,
                reason.word(), why, Complaints.others(refused));
    }
}
