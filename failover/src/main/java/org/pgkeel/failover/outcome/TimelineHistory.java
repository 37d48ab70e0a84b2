package org.pgkeel.failover.outcome;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.pgkeel.failover.topology.Lsn;

/// The timelines that one timeline descends from, oldest first, and where each was left.
/// <https://www.postgresql.org/docs/current/continuous-archiving.html#BACKUP-TIMELINES>
///
/// @param timeline whose history it is
/// @param endings  all its ancestors
public record TimelineHistory(int timeline, List<Ending> endings) {
    /// @param at where its descendants leave it
    public record Ending(int timeline, Lsn at) {}

    private static final Pattern PATRONI_ENTRY = Pattern.compile("\\[\\s*(\\d{1,9})\\s*,\\s*(\\d{1,20})\\s*,");

    public TimelineHistory {
        endings = List.copyOf(endings);
    }

    /// Whether it goes back that far: Patroni's is cut off where `max_timelines_history` says so, and then it does not say what was abandoned before.
    public boolean reachesBackTo(int ancestor) {
        return !endings.isEmpty() && endings.getFirst().timeline <= ancestor;
    }

    /// Where the ancestor is left: not always where its own line says. A server that is promoted before it has reached the end of the line before, writes that it leaves a later
    /// ancestor at a smaller position.
    public Optional<Lsn> leaves(int ancestor) {
        if (endings.stream().noneMatch(ending -> ending.timeline == ancestor)) return Optional.empty();
        return endings.stream().dropWhile(ending -> ending.timeline != ancestor).map(Ending::at).min(Comparator.naturalOrder());
    }

    /// A history file: lines of timeline, position and reason, with comments.
    /// @throws IllegalArgumentException if it is none
    public static TimelineHistory ofFile(int timeline, String text) {
        var endings = new ArrayList<Ending>();
        for (String line : text.split("\n")) {
            String[] fields = line.strip().split("\\s+", 3);
            if (fields[0].isEmpty() || fields[0].startsWith("#")) continue;
            if (fields.length < 2) throw new IllegalArgumentException("no line of a timeline history: " + line);
            endings.add(new Ending(Integer.parseInt(fields[0]), Lsn.parse(fields[1])));
        }
        return new TimelineHistory(timeline, endings);
    }

    /// Patroni's `GET /history`: a list of lists of timeline, position as a decimal, reason, time, leader. It does not say whose history it
    /// is, and lags behind promotion: it is taken for that of `timeline` only if it ends right before it.
    public static Optional<TimelineHistory> ofPatroni(int timeline, String json) {
        var endings = new ArrayList<Ending>();
        Matcher entries = PATRONI_ENTRY.matcher(json);
        while (entries.find()) endings.add(new Ending(Integer.parseInt(entries.group(1)), new Lsn(Long.parseUnsignedLong(entries.group(2)))));
        boolean reaches = timeline == 1 ? endings.isEmpty() : !endings.isEmpty() && endings.getLast().timeline == timeline - 1;
        return reaches ? Optional.of(new TimelineHistory(timeline, endings)) : Optional.empty();
    }
}
