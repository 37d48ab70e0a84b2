package org.pgkeel.proxy.command;

import com.typesafe.config.ConfigRenderOptions;
import com.typesafe.config.ConfigValueFactory;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.pgkeel.proxy.advise.Advice;

/// Findings as lines for people, or as JSON for programs.
final class AdvicePrinting {
    /// @param where the cluster, or the cluster and a database
    record Place(String where, List<Advice> findings) {}

    private AdvicePrinting() {}

    static void text(List<Place> places, PrintWriter out) {
        for (Place place : places) {
            out.println(place.where + ":" + (place.findings.isEmpty() ? " nothing to say" : ""));
            for (Advice advice : place.findings) {
                out.println("  [" + advice.weight().word() + "] " + advice.subject() + ": " + advice.found());
                line("change", advice.change(), out);
                line("gain", advice.gain(), out);
                line("risk", advice.risk(), out);
            }
        }
        out.flush();
    }

    private static void line(String name, String text, PrintWriter out) {
        if (!text.isEmpty()) out.printf("      %-7s %s%n", name, text);
    }

    static void json(List<Place> places, boolean proxyAnswered, PrintWriter out) {
        var findings = new ArrayList<Map<String, Object>>();
        for (Place place : places) {
            for (Advice advice : place.findings) {
                var one = new LinkedHashMap<String, Object>();
                one.put("where", place.where);
                one.put("weight", advice.weight().word());
                one.put("subject", advice.subject());
                one.put("found", advice.found());
                one.put("change", advice.change());
                one.put("gain", advice.gain());
                one.put("risk", advice.risk());
                findings.add(one);
            }
        }
        out.println(ConfigValueFactory.fromMap(Map.of("proxy_answered", proxyAnswered, "findings", findings)).render(ConfigRenderOptions.concise()));
        out.flush();
    }
}
