package org.pgkeel.proxy.config;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.pgkeel.proxy.config.CoalesceRule.AfterRowTriggers;
import org.pgkeel.proxy.config.CoalesceRule.LanesBy;

/// Reads `coalesce`: whose INSERTs into which tables share commits.
final class CoalesceSection {
    private static final int ROWS_MAX = 100_000;
    private static final int LANES_MAX = 64;
    /// Of PostgreSQL: NAMEDATALEN - 1.
    private static final int NAME_BYTES_MAX = 63;

    private CoalesceSection() {}

    static CoalesceConfig read(Section root) {
        List<CoalesceRule> rules = new ArrayList<>();
        for (Section section : root.sections("coalesce")) {
            if (section.isPresent()) rules.add(rule(section));
        }
        return new CoalesceConfig(rules);
    }

    private static CoalesceRule rule(Section section) {
        List<TablePattern> tables = section.list("table", List.of(), TablePattern::parse);
        if (tables.isEmpty() && section.sound("table")) section.problem("table", "missing: the tables whose INSERTs are meant, as public.events");
        Optional<KeyOrder> orderBy = order(section);
        LanesBy lanesBy = section.word("lanes-by", LanesBy.ARRIVAL);
        if (lanesBy == LanesBy.PARTITION && orderBy.isPresent()) section.problem("lanes-by", "with order-by each value has its lane already");
        Optional<String> dedupBy = section.optionalText("dedup-by");
        if (dedupBy.isPresent() && !isColumn(dedupBy.get())) section.problem("dedup-by", "expected the name of one column, as the catalogue has it");
        int maxRows = section.integer("max-rows", 1000, 1, ROWS_MAX);
        int copyFromRows = section.integer("copy-from-rows", 20, 1, ROWS_MAX);
        if (section.sound("max-rows", "copy-from-rows") && copyFromRows > maxRows) {
            section.warning("copy-from-rows", "more than max-rows (" + maxRows + "): there will be no COPY");
        }
        long maxBytes = section.size("max-bytes", Bounds.MIB, 4 * Bounds.KIB, 256 * Bounds.MIB);
        long maxBufferedBytes = section.size("max-buffered-bytes", 64 * Bounds.MIB, 64 * Bounds.KIB, 64 * Bounds.KIB * Bounds.MIB);
        if (section.sound("max-bytes", "max-buffered-bytes") && maxBytes > maxBufferedBytes) {
            section.problem("max-bytes", "more than max-buffered-bytes: a batch of this size can never gather");
        }
        return new CoalesceRule(section.origin(), tables,
                new LinkedHashSet<>(section.texts("user", List.of())),
                new LinkedHashSet<>(section.texts("application-name", List.of())),
                maxRows, maxBytes,
                section.duration("max-delay", "5ms", Duration.ZERO, Duration.ofSeconds(10)),
                maxBufferedBytes,
                section.integer("lanes", 2, 1, LANES_MAX),
                lanesBy, orderBy, dedupBy, copyFromRows,
                section.duration("lock-timeout", "500ms", Duration.ZERO, Bounds.HOUR),
                section.word("after-row-triggers", AfterRowTriggers.REFUSE),
                spill(section.section("spill")));
    }

    private static Optional<KeyOrder> order(Section section) {
        Optional<String> column = section.optionalText("order-by");
        OptionalInt inFlightMax = section.optionalInteger("max-in-flight-per-key", 1, ROWS_MAX);
        if (column.isPresent() && column.get().isBlank()) section.problem("order-by", "expected the name of a column, as the catalogue has it");
        if (column.isEmpty() && section.sound("order-by") && inFlightMax.isPresent()) section.problem("max-in-flight-per-key", "needs order-by: the column that is meant");
        return column.map(name -> new KeyOrder(name, inFlightMax));
    }

    private static boolean isColumn(String name) {
        return !name.isBlank() && name.indexOf(',') < 0 && name.indexOf('\0') < 0 && name.getBytes(StandardCharsets.UTF_8).length <= NAME_BYTES_MAX;
    }

    private static Optional<SpillConfig> spill(Section section) {
        if (!section.isPresent()) return Optional.empty();
        Optional<Path> folder = Paths.folder(section, "dir");
        if (folder.isEmpty() && section.sound("dir")) section.problem("dir", "missing: the folder of the files in which requests wait");
        long maxBytes = section.size("max-bytes", Bounds.KIB * Bounds.MIB, Bounds.MIB, Bounds.MIB * Bounds.MIB);
        return folder.map(where -> new SpillConfig(where, maxBytes));
    }
}
