package org.pgkeel.proxy.admin;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import org.pgkeel.proxy.observe.ClusterSnapshot;
import org.pgkeel.proxy.observe.DatabaseSnapshot;
import org.pgkeel.proxy.observe.HoldSnapshot;
import org.pgkeel.proxy.observe.PoolSnapshot;

/// `/status`: clusters, holds, pools and databases on one page that needs nothing else, no script, no font, no image.
final class StatusPage {
    private static final String STYLE = """
            body{font:14px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:72rem;padding:0 1rem;color:#1f2933;background:#fff}
            h1{font-size:1.4rem;margin:0}h2{font-size:1.05rem;margin:2rem 0 .5rem}p{color:#52606d;margin:.25rem 0}
            table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.3rem .7rem;border-bottom:1px solid #e4e7eb}
            th{font-weight:600;color:#52606d}td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}.warn{color:#b44d12;font-weight:600}
            @media(prefers-color-scheme:dark){body{color:#e4e7eb;background:#15191e}th,p{color:#9aa5b1}th,td{border-color:#323f4b}.warn{color:#f7a66b}}
            """;

    private StatusPage() {}

    static String render(Sample sample, List<DatabaseSnapshot> databases, Instant now) {
        var proxy = sample.proxy();
        var html = new StringBuilder("<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>PgKeel</title>"
                + "<meta name=\"viewport\" content=\"width=device-width\"><style>").append(STYLE).append("</style></head><body>");
        html.append("<h1>PgKeel ").append(escape(proxy.version())).append("</h1><p>").append(proxy.state().word())
                .append(", up ").append(uptime(Duration.between(proxy.startedAt(), now)))
                .append(", ").append(proxy.clients()).append(" of ").append(proxy.clientsMax()).append(" clients, ")
                .append(proxy.servers()).append(" backend connections</p>");
        clusters(html, sample);
        html.append("<h2>Pools</h2>");
        table(html, List.of("Database", "User", "Mode"),
                List.of("Clients", "Waiting", "Longest wait", "Active", "Idle", "Connecting", "Limit"), sample.pools(), StatusPage::poolRow);
        html.append("<h2>Databases</h2>");
        table(html, List.of("Name", "Host", "State"), List.of("Clients", "Backends", "Pool limit"), databases, StatusPage::databaseRow);
        return html.append("<p>The same in SQL: database <code>pgkeel</code>, <code>SHOW POOLS</code>. For Prometheus: /metrics.</p></body></html>")
                .toString();
    }

    private record Member(ClusterSnapshot cluster, ClusterSnapshot.Node node) {}

    private static void clusters(StringBuilder html, Sample sample) {
        html.append("<h2>Clusters</h2>");
        for (var cluster : sample.clusters()) {
            for (var alarm : cluster.alarms()) warning(html, cluster.cluster() + ": " + alarm.kind() + ": " + alarm.text());
            cluster.doubt().ifPresent(doubt -> warning(html, cluster.cluster() + ": the primary is doubted: " + doubt));
            for (var flag : cluster.flags()) warning(html, cluster.cluster() + ": " + flag);
            cluster.scheduledSwitchover().ifPresent(at -> warning(html, cluster.cluster() + ": a switchover is scheduled for " + at));
        }
        table(html, List.of("Cluster", "Node", "Address", "Role", "State", "Patroni", "Tags"), List.of("Timeline", "Lag", "Age"),
                sample.clusters().stream().flatMap(cluster -> cluster.nodes().stream().map(node -> new Member(cluster, node))).toList(), StatusPage::memberRow);
        html.append("<h2>Holds</h2>");
        table(html, List.of("Cluster", "Paused database", "State", "Reason"), List.of("Since", "Waiting", "Bytes", "Held", "Drained", "Refused", "Gone", "Longest wait"),
                sample.holds(), StatusPage::holdRow);
    }

    private static void warning(StringBuilder html, String text) {
        html.append("<p class=\"warn\">").append(escape(text)).append("</p>");
    }

    private static void memberRow(StringBuilder html, Member member) {
        var node = member.node;
        text(html, member.cluster.cluster());
        text(html, node.name());
        text(html, node.address());
        text(html, node.role());
        if (node.answers()) text(html, node.state());
        else html.append("<td class=\"warn\">").append(escape(node.state())).append("</td>");
        text(html, node.patroni());
        text(html, ClusterTables.tags(node.tags()));
        number(html, node.timeline().isPresent() ? Integer.toString(node.timeline().getAsInt()) : "");
        number(html, node.lagBytes().isPresent() ? node.lagBytes().getAsLong() + " B" : "");
        number(html, node.lagNanos().isPresent() ? seconds(node.lagNanos().getAsLong()) : "");
    }

    private static void holdRow(StringBuilder html, HoldSnapshot hold) {
        text(html, hold.cluster());
        text(html, hold.database());
        if (hold.state().equals("open")) text(html, hold.state());
        else html.append("<td class=\"warn\">").append(escape(hold.state())).append("</td>");
        text(html, hold.reason());
        number(html, seconds(hold.sinceNanos()));
        number(html, Integer.toString(hold.waiting()));
        number(html, Long.toString(hold.waitingBytes()));
        number(html, Long.toString(hold.held()));
        number(html, Long.toString(hold.drained()));
        number(html, Long.toString(hold.refused()));
        number(html, Long.toString(hold.gone()));
        number(html, seconds(hold.longestNanos()));
    }

    private static String seconds(long nanos) {
        return String.format(Locale.ROOT, "%.1f s", nanos / 1e9);
    }

    private interface Row<T> {
        void render(StringBuilder html, T of);
    }

    private static <T> void table(StringBuilder html, List<String> texts, List<String> numbers, List<T> all, Row<T> row) {
        if (all.isEmpty()) {
            html.append("<p>none yet</p>");
            return;
        }
        html.append("<table><thead><tr>");
        for (var text : texts) html.append("<th>").append(text).append("</th>");
        for (var number : numbers) html.append("<th class=\"n\">").append(number).append("</th>");
        html.append("</tr></thead><tbody>");
        for (var one : all) {
            html.append("<tr>");
            row.render(html, one);
            html.append("</tr>");
        }
        html.append("</tbody></table>");
    }

    private static void poolRow(StringBuilder html, PoolSnapshot pool) {
        text(html, pool.database());
        text(html, pool.user());
        text(html, pool.mode().name().toLowerCase(Locale.ROOT));
        number(html, Integer.toString(pool.clients().active() + pool.clients().waiting()));
        html.append(pool.clients().waiting() > 0 ? "<td class=\"n warn\">" : "<td class=\"n\">").append(pool.clients().waiting()).append("</td>");
        number(html, String.format(Locale.ROOT, "%.1f s", pool.maxWaitMicros() / 1e6));
        number(html, Integer.toString(pool.servers().active()));
        number(html, Integer.toString(pool.servers().idle() + pool.servers().used() + pool.servers().tested()));
        number(html, Integer.toString(pool.servers().login()));
        number(html, Integer.toString(pool.sizeMax()));
    }

    private static void databaseRow(StringBuilder html, DatabaseSnapshot database) {
        text(html, database.name());
        text(html, database.host().map(host -> host.host() + ":" + host.port()).orElse("unknown"));
        if (database.paused()) html.append("<td class=\"warn\">paused</td>");
        else if (database.disabled()) html.append("<td class=\"warn\">disabled</td>");
        else text(html, "open");
        number(html, Integer.toString(database.clients()));
        number(html, Integer.toString(database.servers()));
        number(html, Integer.toString(database.poolMax()));
    }

    private static void text(StringBuilder html, String text) {
        html.append("<td>").append(escape(text)).append("</td>");
    }

    private static void number(StringBuilder html, String number) {
        html.append("<td class=\"n\">").append(number).append("</td>");
    }

    private static String uptime(Duration up) {
        return up.toDays() > 0 ? up.toDays() + " d " + up.toHoursPart() + " h" : up.toHours() + " h " + up.toMinutesPart() + " min";
    }

    static String escape(String text) {
        var escaped = new StringBuilder(text.length());
        for (char c : text.toCharArray()) {
            switch (c) {
                case '&' -> escaped.append("&amp;");
                case '<' -> escaped.append("&lt;");
                case '>' -> escaped.append("&gt;");
                case '"' -> escaped.append("&quot;");
                case '\'' -> escaped.append("&#39;");
                default -> escaped.append(c);
            }
        }
        return escaped.toString();
    }
}
