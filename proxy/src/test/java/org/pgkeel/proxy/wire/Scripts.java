package org.pgkeel.proxy.wire;

import java.util.LinkedHashMap;
import java.util.SequencedMap;

/// Shapes of both protocols, statements and sessions. Each script finds its schema with the tables `t` (5 rows) and `empty`, and leaves
/// its session outside of a transaction.
final class Scripts {
    static final int INT4 = 23;
    static final int TEXT = 25;
    /// `int4pl`.
    static final int FUNCTION_INT4PL = 177;

    private Scripts() {}

    static SequencedMap<String, Dialogue.Script> all() {
        var scripts = new LinkedHashMap<String, Dialogue.Script>();
        MessageScripts.addTo(scripts);
        SessionScripts.addTo(scripts);
        PreparedScripts.addTo(scripts);
        CopyScripts.addTo(scripts);
        BlockScripts.addTo(scripts);
        return scripts;
    }
}
