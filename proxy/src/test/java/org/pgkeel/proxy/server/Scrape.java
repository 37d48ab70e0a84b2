package org.pgkeel.proxy.server;

import java.util.HashMap;
import java.util.Map;

/// A page of metrics as its samples: name with labels, value.
final class Scrape {
    private Scrape() {}

    static Map<String, Double> of(String page) {
        var samples = new HashMap<String, Double>();
        for (String line : page.lines().toList()) {
            int space = line.lastIndexOf(' ');
            if (!line.startsWith("#") && space > 0) samples.put(line.substring(0, space), Double.parseDouble(line.substring(space + 1).replace("Inf", "Infinity")));
        }
        return samples;
    }

    /// Of all samples of this name that have this label.
    static double sum(Map<String, Double> samples, String name, String label) {
        return samples.entrySet().stream().filter(each -> each.getKey().startsWith(name + "{") && each.getKey().contains(label)).mapToDouble(Map.Entry::getValue).sum();
    }
}
