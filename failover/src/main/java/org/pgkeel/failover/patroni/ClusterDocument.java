package org.pgkeel.failover.patroni;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.URI;
import java.net.URISyntaxException;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.pgkeel.failover.topology.NodeAddress;

/// The body of `/cluster`: the map of the cluster, as the DCS has it. Patroni 3.0 to 4.1.
/// <https://patroni.readthedocs.io/en/latest/rest_api.html#cluster-status-endpoints>
///
/// Threading: immutable.
///
/// @param scope               empty from Patroni 3
/// @param paused              maintenance mode
/// @param scheduledSwitchover when one is planned; empty also where its time cannot be read
public record ClusterDocument(String scope, List<Member> members, boolean paused, Optional<Instant> scheduledSwitchover) {
    /// More members than any cluster has.
    public static final int MEMBERS_MAX = 64;
    private static final int HOST_CHARS_MAX = 255;

    /// @param address where its PostgreSQL listens; empty for a member that has never run
    /// @param restUrl where its Patroni listens, without a path; empty if that cannot be read
    public record Member(String name, Role role, Optional<NodeAddress> address, Optional<URI> restUrl, int timeline, Map<String, String> tags) {
        public Member {
            tags = Map.copyOf(tags);
        }
    }

    public enum Role { LEADER, STANDBY_LEADER, SYNC_STANDBY, QUORUM_STANDBY, REPLICA, UNKNOWN }

    public ClusterDocument {
        members = List.copyOf(members);
    }

    /// The member that holds the leader key.
    public Optional<Member> leader() {
        return members.stream().filter(member -> member.role == Role.LEADER).findFirst();
    }

    /// @throws BadAnswer if it is nothing that Patroni would say
    public static ClusterDocument parse(byte[] body) {
        JsonNode root = Json.object(body);
        JsonNode list = root.get("members");
        if (list == null || !list.isArray()) throw new BadAnswer("no \"members\"");
        if (list.size() > MEMBERS_MAX) throw new BadAnswer(list.size() + " members, more than " + MEMBERS_MAX);
        var members = new ArrayList<Member>();
        var names = new HashSet<String>();
        int leaders = 0;
        for (JsonNode each : list) {
            if (!each.isObject()) throw new BadAnswer("a member is no object");
            Member member = member(each);
            if (!names.add(member.name)) throw new BadAnswer("a member is there twice");
            if (member.role == Role.LEADER && ++leaders > 1) throw new BadAnswer("two members are the leader");
            members.add(member);
        }
        return new ClusterDocument(Json.text(root, "scope").orElse(""), members, Json.flag(root, "pause"), scheduled(root));
    }

    private static Member member(JsonNode member) {
        return new Member(Json.neededText(member, "name"), role(Json.neededText(member, "role")), address(member),
                Json.text(member, "api_url").flatMap(ClusterDocument::restUrl), Json.timeline(member), Json.tags(member));
    }

    private static Optional<NodeAddress> address(JsonNode member) {
        Optional<String> host = Json.text(member, "host").filter(name -> !name.isBlank());
        if (host.isEmpty()) return Optional.empty();
        // Patroni writes the port as it stands in its file, a number or a text.
        JsonNode port = member.get("port");
        long number = port == null || port.isNull() ? 5432 : port.isTextual() && port.textValue().matches("\\d{1,5}") ? Long.parseLong(port.textValue())
                : Json.number(member, "port").orElse(0L);
        if (host.get().length() > HOST_CHARS_MAX || host.get().startsWith("/") || host.get().chars().anyMatch(c -> c <= ' ')) throw new BadAnswer("a member's \"host\" is none");
        if (number < 1 || number > 65_535) throw new BadAnswer("a member's \"port\" is none");
        return Optional.of(new NodeAddress(host.get(), (int) number));
    }

    /// `http://10.0.0.1:8008/patroni` without its path.
    private static Optional<URI> restUrl(String text) {
        try {
            URI url = new URI(text);
            boolean http = "http".equals(url.getScheme()) || "https".equals(url.getScheme());
            if (!http || url.getHost() == null || url.getPort() > 65_535) return Optional.empty();
            int port = url.getPort() >= 0 ? url.getPort() : url.getScheme().equals("https") ? 443 : 80;
            return Optional.of(new URI(url.getScheme(), null, url.getHost(), port, null, null, null));
        } catch (URISyntaxException none) {
            return Optional.empty();
        }
    }

    private static Role role(String word) {
        return switch (word) {
            case "leader", "master", "primary" -> Role.LEADER;
            case "standby_leader" -> Role.STANDBY_LEADER;
            case "sync_standby" -> Role.SYNC_STANDBY;
            case "quorum_standby" -> Role.QUORUM_STANDBY;
            case "replica" -> Role.REPLICA;
            default -> Role.UNKNOWN;
        };
    }

    private static Optional<Instant> scheduled(JsonNode root) {
        JsonNode planned = root.get("scheduled_switchover");
        if (planned == null || !planned.isObject()) return Optional.empty();
        return Json.text(planned, "at").flatMap(at -> {
            try {
                return Optional.of(OffsetDateTime.parse(at.replace(' ', 'T')).toInstant());
            } catch (DateTimeException unreadable) {
                return Optional.empty();
            }
        });
    }
}
