package org.pgkeel.proxy.cluster;

import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.pgkeel.failover.topology.Alarm;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Tells the log of a cluster's alarms: of each once, when it has stood for its patience, and when it is over.
///
/// Threading: confined to the cluster's thread.
final class AlarmLog {
    private static final Logger log = LoggerFactory.getLogger(AlarmLog.class);

    private final String cluster;
    private final Map<Alarm.Kind, Long> sinceNanos = new EnumMap<>(Alarm.Kind.class);
    private final Set<Alarm.Kind> told = EnumSet.noneOf(Alarm.Kind.class);

    AlarmLog(String cluster) {
        this.cluster = cluster;
    }

    /// @param alarms that stand now; to be told again and again while one does
    void stand(List<Alarm> alarms, long nowNanos) {
        for (Alarm alarm : alarms) {
            long since = sinceNanos.computeIfAbsent(alarm.kind(), _ -> nowNanos);
            boolean due = nowNanos - since >= alarm.kind().patience().toNanos();
            if (due && told.add(alarm.kind())) log.error("cluster {}: ALARM {}: {}", cluster, alarm.kind().word(), alarm.text());
        }
        Set<Alarm.Kind> standing = alarms.stream().map(Alarm::kind).collect(Collectors.toSet());
        for (Alarm.Kind kind : Set.copyOf(sinceNanos.keySet())) {
            if (standing.contains(kind)) continue;
            sinceNanos.remove(kind);
            if (told.remove(kind)) log.info("cluster {}: alarm {} is over", cluster, kind.word());
        }
    }
}
